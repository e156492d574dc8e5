import { AppShell } from '@mantine/core';
import { Outlet, useNavigation } from 'react-router';
import { CommandPalette } from './command-palette.tsx';
import { DeletedNotice } from './deleted-notice.tsx';
import { FollowRole } from './follow-role.tsx';
import { GlobalCommands } from './global-commands.tsx';
import { Header } from './header.tsx';
import { NavigationRail, NavigationTabs } from './navigation.tsx';
import { SlotProvider } from './slots.tsx';
import { StatusBar } from './status-bar.tsx';

/** The frame: header, rail (tabs below on narrow screens), status bar; the screen in the middle. */
export function Shell() {
  const pending = useNavigation().state !== 'idle';
  return (
    <SlotProvider>
      <AppShell
        header={{ height: 48 }}
        navbar={{ width: 68, breakpoint: 'sm', collapsed: { mobile: true } }}
        footer={{ height: { base: 80, sm: 26 } }}
        padding={0}
      >
        <a className="skip-link" href="#main">
          Skip to content
        </a>
        <AppShell.Header>
          <Header pending={pending} />
        </AppShell.Header>
        <AppShell.Navbar aria-label="Sections">
          <NavigationRail />
        </AppShell.Navbar>
        <AppShell.Main id="main" tabIndex={-1} className="app-main">
          <div className="screen">
            <DeletedNotice />
            <Outlet />
          </div>
        </AppShell.Main>
        <AppShell.Footer>
          <StatusBar />
          <NavigationTabs />
        </AppShell.Footer>
        <CommandPalette />
        <GlobalCommands />
        <FollowRole />
      </AppShell>
    </SlotProvider>
  );
}
