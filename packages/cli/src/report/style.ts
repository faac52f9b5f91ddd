/** The style sheet of a report: light and dark, no outside font or image. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f6f3; --surface: #ffffff; --ink: #1b1d22; --soft: #5d636e; --line: #e2e2dc;
  --baseline: #8b8f98;
  --series-1: #2f63c8; --series-2: #d9692a; --series-3: #1a8f78; --series-4: #a3439c;
  --series-5: #b58900; --series-6: #c2344d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171b; --surface: #1d2025; --ink: #e8e9ec; --soft: #a0a6b1; --line: #31353d;
    --baseline: #8f95a0;
    --series-1: #7aa5f5; --series-2: #f2985f; --series-3: #4fc7ad; --series-4: #d58ace;
    --series-5: #dcb948; --series-6: #f07f90;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 980px; margin: 0 auto; padding: 56px 24px 80px; }
header { margin-bottom: 32px; }
.eyebrow { color: var(--soft); font-size: 14px; margin: 0 0 6px; }
h1 { font-size: 40px; line-height: 1.1; letter-spacing: -0.02em; margin: 0 0 14px; font-weight: 680; }
.lead { font-size: 19px; line-height: 1.5; margin: 0; max-width: 46em; }
h2 { font-size: 21px; letter-spacing: -0.01em; margin: 0 0 4px; font-weight: 640; }
section .pair h2 { margin-bottom: 10px; }
h3 { font-size: 15px; margin: 0 0 2px; font-weight: 600; }
.reading { color: var(--soft); margin: 0 0 16px; max-width: 48em; font-size: 15px; }
figure .reading { margin: 14px 0; }
figure > h3 { margin-top: 26px; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 26px 28px; margin: 20px 0; }
figure { margin: 0; }
figure svg[role=img] { display: block; width: 100%; height: auto; color: var(--ink); }
figure svg [aria-label$="grid"] { stroke-opacity: 0.12; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; margin: 28px 0 0; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; }
.card b { display: block; font-size: 28px; letter-spacing: -0.02em; line-height: 1.2; font-weight: 660; }
.card span { color: var(--soft); font-size: 14px; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 0 0 6px; font-size: 14px; font-weight: 560; }
.legend span { display: inline-flex; align-items: center; gap: 7px; }
.legend svg { flex: none; width: 26px; height: 4px; stroke-width: 4; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); gap: 20px; }
.panels > div { max-width: 370px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th, td { text-align: right; padding: 7px 12px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-weight: 500; font-size: 13.5px; }
tbody th { font-weight: 600; }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0; }
.notes { border-left: 4px solid var(--series-6); }
.pair { display: grid; grid-template-columns: minmax(0, 1.6fr) minmax(0, 1fr); gap: 32px; }
pre { margin: 0; font: 13px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 5px 16px; margin: 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 700px) { main { padding: 32px 14px; } section { padding: 20px 16px; } .pair { grid-template-columns: 1fr; } h1 { font-size: 32px; } }
@media print { body { background: none; } section { break-inside: avoid; } }
`;
