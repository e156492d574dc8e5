import { useEffect, useRef, useState } from 'react';

/**
 * For dialogs that are there only while they are open: whoever closes one is back where he was before. (Mantine's own
 * way back needs a dialog that stays and is told that it is closed.)
 */
export function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    clearTimeout(timer.current); // development mounts everything twice
    return () => {
      timer.current = setTimeout(() => {
        const now = document.activeElement;
        // What was done in it may have led elsewhere already.
        if (now !== null && now !== document.body) return;
        if (before instanceof HTMLElement && before.isConnected) before.focus();
      });
    };
  }, [before]);
}
