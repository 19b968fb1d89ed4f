import { ActionIcon, Button, Progress } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import * as api from "./api";
import { Link } from "./app";
import { Icon } from "./marks";
import { size } from "./words";

interface Upload {
  key: number;
  file: File;
  share: number;
  state: "waiting" | "sending" | "sent" | "failed";
  id?: string;
  duplicate?: boolean;
  message?: string;
  again?: boolean; // trying again may help
}

const atOnce = 2;
const fades = 6000; // ms that a finished upload stays in the list

export interface Uploads {
  list: Upload[];
  add: (files: File[]) => void;
  retry: (key: number) => void;
  drop: (key: number) => void;
}

export function useUploads(): Uploads {
  const [list, setList] = useState<Upload[]>([]);
  const next = useRef(1);
  const running = useRef(new Set<number>());
  const change = useCallback((key: number, part: Partial<Upload>) =>
    setList((all) => all.map((upload) => (upload.key === key ? { ...upload, ...part } : upload))), []);
  const drop = useCallback((key: number) => setList((all) => all.filter((upload) => upload.key !== key)), []);

  useEffect(() => {
    for (const upload of list) {
      if (upload.state !== "waiting" || running.current.has(upload.key) || running.current.size >= atOnce) continue;
      running.current.add(upload.key);
      change(upload.key, { state: "sending", share: 0 });
      api.upload(upload.file, (share) => change(upload.key, { share })).then(
        (answer) => {
          change(upload.key, { state: "sent", share: 1, id: answer.id, duplicate: !!answer.duplicate_of });
          setTimeout(() => drop(upload.key), fades);
        },
        (error: api.Problem) => change(upload.key, { state: "failed", message: advice(error), again: [0, 429, 503].includes(error.status) }),
      ).finally(() => {
        running.current.delete(upload.key);
        setList((all) => [...all]); // the next one may start
      });
    }
  }, [list, change, drop]);

  const add = useCallback((files: File[]) => {
    const fresh = files.map((file): Upload => ({ key: next.current++, file, share: 0, state: "waiting" }));
    setList((all) => [...all, ...fresh]);
  }, []);
  const retry = useCallback((key: number) => change(key, { state: "waiting", message: undefined }), [change]);
  return { list, add, retry, drop };
}

/** advice adds what to do next to what went wrong. */
function advice(error: api.Problem): string {
  switch (error.status) {
    case 400: return error.message || "The file is empty.";
    case 413: return `${error.message} Split the file and upload the parts.`;
    case 415: return `${error.message} Chartlake reads PDF, TIFF, JPEG and PNG.`;
    case 422: return `${error.message} Save it without a password, or scan it again.`;
    case 429:
    case 503: return `${error.message} Nothing was stored; try again${error.retryAfter ? ` in ${error.retryAfter} s` : ""}.`;
  }
  return `${error.message} Nothing was stored.`;
}

export function UploadList({ uploads }: { uploads: Uploads }) {
  if (uploads.list.length === 0) return null;
  return (
    <section className="uploads" aria-label="Uploads" aria-live="polite">
      {uploads.list.map((upload) => (
        <div key={upload.key} className={`upload-row ${upload.state}`}>
          <div className="upload-name">
            <b>{upload.file.name}</b>
            <span>{size(upload.file.size)}</span>
            <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Dismiss ${upload.file.name}`}
              onClick={() => uploads.drop(upload.key)}><Icon name="close" /></ActionIcon>
          </div>
          {upload.state === "failed" ? (
            <div className="upload-error" role="alert">
              {upload.message}
              {upload.again && <Button size="compact-xs" variant="light" onClick={() => uploads.retry(upload.key)}>Try again</Button>}
            </div>
          ) : upload.state === "sent" ? (
            <div className="upload-done">
              {upload.duplicate ? "Already here: the same file came before. " : "Received. "}
              <Link to={`/d/${upload.id}`}>Open it</Link>
            </div>
          ) : (
            <Progress value={upload.share * 100} size="sm" aria-label={`Upload of ${upload.file.name}`} />
          )}
        </div>
      ))}
    </section>
  );
}

/** DropZone takes files dropped anywhere on the page. */
export function DropZone({ add }: { add: (files: File[]) => void }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const files = (event: DragEvent) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const enter = (event: DragEvent) => {
      if (!files(event)) return;
      event.preventDefault();
      depth++;
      setOver(true);
    };
    const leave = () => {
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const hover = (event: DragEvent) => files(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      if (!files(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      add([...(event.dataTransfer?.files ?? [])]);
    };
    const on: [string, (event: any) => void][] = [["dragenter", enter], ["dragleave", leave], ["dragover", hover], ["drop", drop]];
    on.forEach(([name, handler]) => window.addEventListener(name, handler));
    return () => on.forEach(([name, handler]) => window.removeEventListener(name, handler));
  }, [add]);
  return over ? <div className="drop" aria-hidden="true"><div><Icon name="upload" /> Drop to read it</div></div> : null;
}
