import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "@mantine/core/styles/UnstyledButton.css";
import "@mantine/core/styles/CloseButton.css";
import "@mantine/core/styles/Paper.css";
import "@mantine/core/styles/Overlay.css";
import "@mantine/core/styles/Popover.css";
import "@mantine/core/styles/Loader.css";
import "@mantine/core/styles/ActionIcon.css";
import "@mantine/core/styles/Button.css";
import "@mantine/core/styles/Input.css";
import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/Kbd.css";
import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import "@mantine/core/styles/Notification.css";
import "@mantine/core/styles/Progress.css";
import "@mantine/core/styles/Tabs.css";
import "@mantine/core/styles/Tooltip.css";
import "@mantine/core/styles/VisuallyHidden.css";
import "./console.css";
import { createTheme, MantineProvider } from "@mantine/core";
import { createRoot } from "react-dom/client";
import { App } from "./app";

// Mantine's variables come from its static style sheet and from console.css: style elements
// made at run time are what the Content-Security-Policy forbids.
const theme = createTheme({
  primaryColor: "lake",
  colors: {
    lake: ["#e6f6f7", "#d3ebed", "#a7d8dc", "#76c3c9", "#4fb1b9", "#2f9aa4", "#0b7a86", "#0b6570", "#09545d", "#06434b"],
  },
  defaultRadius: "md",
  cursorType: "pointer",
  components: { Tooltip: { defaultProps: { openDelay: 350, withArrow: true } } },
});

createRoot(document.getElementById("root")!).render(
  <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
    <App />
  </MantineProvider>,
);
