import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// sources lists every file that decides what the bundle is, in order of name.
function sources(folder = "."): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !["node_modules", ".vite"].includes(entry.name))
    .flatMap((entry) => {
      const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? sources(path) : [path];
    })
    .sort();
}

// manifest writes the SHA-256 of each source beside the bundle; a Go test compares them, so
// that a bundle older than its sources does not pass.
function manifest(): Plugin {
  return {
    name: "manifest",
    closeBundle() {
      const hashes = Object.fromEntries(
        sources().map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]),
      );
      writeFileSync(join("..", "dist", "manifest.json"), JSON.stringify(hashes, null, 1) + "\n");
    },
  };
}

export default defineConfig({
  plugins: [react(), manifest()],
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the Content-Security-Policy has no data: for scripts and fonts
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    chunkSizeWarningLimit: 900,
  },
});
