import { ActionIcon, Button, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { createContext, useContext, useEffect, useState } from "react";
import * as api from "./api";
import { Board } from "./board";
import { DocumentScreen } from "./document";
import { Help } from "./help";
import { Inbox } from "./inbox";
import { commandOf } from "./keymap";
import { Icon } from "./marks";
import { PatientScreen } from "./patient";
import { go, usePlace } from "./router";
import { Operations } from "./operations";
import { Quality } from "./quality";
import { SearchScreen } from "./search";
import { DropZone, UploadList, useUploads } from "./upload";
import { Worklist } from "./worklist";

const SettingsContext = createContext<api.Settings>({ banner: "", actor: "", id: "", may_review: true, may_manage: true });
export const useSettings = () => useContext(SettingsContext);

export function App() {
  const place = usePlace();
  const [settings, setSettings] = useState<api.Settings>({ banner: "", actor: "", id: "", may_review: true, may_manage: true });
  const [trouble, setTrouble] = useState("");
  const [help, setHelp] = useState(false);
  const uploads = useUploads();

  useEffect(() => {
    api.settings().then(setSettings, (error: Error) => setTrouble(error.message));
  }, []);

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (commandOf(event) === "help" && !typing(event.target)) setHelp(true);
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, []);

  return (
    <SettingsContext value={settings}>
      <a className="skip" href="#main">Skip to the content</a>
      <Header path={place.path} choose={uploads.add} help={() => setHelp(true)} />
      {(trouble || settings.banner) && <div className="banner" role="status">{trouble || settings.banner}</div>}
      <main id="main" tabIndex={-1}><Screen path={place.path} choose={uploads.add} /></main>
      <DropZone add={uploads.add} />
      <UploadList uploads={uploads} />
      <Help opened={help} close={() => setHelp(false)} />
    </SettingsContext>
  );
}

/** typing reports whether a key belongs to a text that is being written. */
export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

function Screen({ path, choose }: { path: string; choose: (files: File[]) => void }) {
  const [, kind, id] = path.split("/");
  if (kind === "d" && id) return <DocumentScreen key={id} id={decodeURIComponent(id)} />;
  if (kind === "p" && id) return <PatientScreen key={id} id={decodeURIComponent(id)} />;
  if (kind === "search") return <SearchScreen />;
  if (kind === "work") return <Worklist />;
  if (kind === "board") return <Board />;
  if (kind === "quality") return <Quality />;
  if (kind === "operations") return <Operations />;
  return <Inbox choose={choose} />;
}

/** Link is an in-page link that still opens in a new tab when asked. */
export function Link({ to, state, children, ...rest }: { to: string; state?: Record<string, unknown>; children: React.ReactNode } &
  React.AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a href={to} {...rest} onClick={(event) => {
      rest.onClick?.(event);
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      go(to, state);
    }}>
      {children}
    </a>
  );
}

function Header({ path, choose, help }: { path: string; choose: (files: File[]) => void; help: () => void }) {
  const { setColorScheme } = useMantineColorScheme();
  const { may_manage, may_review } = useSettings();
  const scheme = useComputedColorScheme("light");
  const current = (at: string) => (at === "/" ? path === "/" || path.startsWith("/d/") : path.startsWith(at) ||
    (at === "/search" && path.startsWith("/p/")));
  return (
    <header className="top">
      <Link to="/" className="brand" aria-label="Chartlake"><img src="/icon.svg" alt="" width="26" height="26" /><span>Chartlake</span></Link>
      <nav aria-label="Main">
        {[["/", "Documents"], ["/work", "Work list"], ["/search", "Search"], ["/board", "Board"], ...(may_review ? [["/quality", "Quality"]] : []), ...(may_manage ? [["/operations", "Operations"]] : [])].map(([to, text]) => (
          <Link key={to} to={to} aria-current={current(to) ? "page" : undefined}>{text}</Link>
        ))}
      </nav>
      <span className="grow" />
      <Tooltip label="Keys (?)">
        <ActionIcon variant="subtle" color="gray" aria-label="List of keys" onClick={help}><Icon name="help" /></ActionIcon>
      </Tooltip>
      <Tooltip label={scheme === "dark" ? "Light colours" : "Dark colours"}>
        <ActionIcon variant="subtle" color="gray" aria-label={scheme === "dark" ? "Light colours" : "Dark colours"}
          onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}><Icon name="moon" /></ActionIcon>
      </Tooltip>
      <UploadButton choose={choose} />
    </header>
  );
}

export function UploadButton({ choose, size = "sm", children = "Upload" }: {
  choose: (files: File[]) => void; size?: string; children?: React.ReactNode;
}) {
  return (
    <Button component="label" size={size} leftSection={<Icon name="upload" />} className="upload">
      <span className="upload-word">{children}</span>
      <input type="file" multiple aria-label="Choose files to upload" accept=".pdf,.tif,.tiff,.jpg,.jpeg,.png,application/pdf,image/*"
        onChange={(event) => {
          choose([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }} />
    </Button>
  );
}
