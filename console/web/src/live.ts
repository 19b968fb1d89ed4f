import { useEffect, useRef } from "react";
import type { DocumentItem } from "./types";

/**
 * useLive listens to the server's events and calls changed for every document that changed,
 * and again when the stream comes back after a gap, so that the caller loads anew. A hidden
 * tab holds no stream: browsers allow six connections to a server for all tabs together.
 */
export function useLive(path: string, changed: (item: DocumentItem) => void, again: () => void) {
  const latest = useRef({ changed, again });
  latest.current = { changed, again };
  useEffect(() => {
    let source: EventSource | null = null;
    let gap = false;
    const open = () => {
      if (source || window.document.hidden) return;
      source = new EventSource(path);
      source.addEventListener("hello", () => {
        if (gap) latest.current.again();
        gap = true;
      });
      source.addEventListener("document", (event) => latest.current.changed(JSON.parse((event as MessageEvent).data)));
    };
    const visible = () => {
      if (!window.document.hidden) return open();
      source?.close();
      source = null;
    };
    open();
    window.document.addEventListener("visibilitychange", visible);
    return () => {
      window.document.removeEventListener("visibilitychange", visible);
      source?.close();
    };
  }, [path]);
}
