import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** One warm accent on cool neutrals: hot metal, cooling. Filled surfaces keep 4.5:1 with white text. */
const ember: MantineColorsTuple = [
  '#fff4ed',
  '#ffe6d5',
  '#fecbaa',
  '#fda574',
  '#fb743c',
  '#f2540f',
  '#d53f08',
  '#b83209',
  '#92290f',
  '#762410',
];

const dark: MantineColorsTuple = [
  '#d3d6dc',
  '#b6bbc5',
  '#8f96a3',
  '#6a717e',
  '#434956',
  '#333844',
  '#252932',
  '#1b1e26',
  '#14161c',
  '#0e1015',
];

export const theme = createTheme({
  primaryColor: 'ember',
  primaryShade: { light: 7, dark: 7 },
  colors: { ember, dark },
  defaultRadius: 'sm',
  fontFamily:
    'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace:
    '"JetBrains Mono", ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: '600' },
  cursorType: 'pointer',
  components: {
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true, multiline: true, maw: 320 } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    // The colour's own shade is too pale for words in yellow and orange.
    Alert: { styles: { title: { color: 'var(--mantine-color-text)' } } },
    Modal: {
      defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' } },
      // Its own lines stand so close that a title of two of them cannot be read well.
      styles: { title: { fontWeight: 600, lineHeight: 1.35, overflowWrap: 'anywhere' } },
    },
  },
});
