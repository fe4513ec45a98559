"""How the page looks: light and dark as the reader's system is set, wide tables that scroll by themselves."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1c2128; --soft: #57606a; --line: #d0d7de; --box: #f6f8fa;
  --good: #1a6b34; --bad: #b3202a; --link: #0a55b5;
  --one: #0a55b5; --two: #8a3d00; --three: #6a2fa0; --four: #1a6b34;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11151a; --text: #e4e9ef; --soft: #a3adb8; --line: #3a434d; --box: #1a2027;
    --good: #6fd08c; --bad: #ff8f8a; --link: #84b9ff;
    --one: #84b9ff; --two: #ffb27a; --three: #cfa6ff; --four: #6fd08c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .4rem; }
h4 { font-size: 1rem; margin: 1rem 0 .3rem; }
a { color: var(--link); }
p { margin: .4rem 0; max-width: 60rem; }
nav ul { list-style: none; padding: 0; margin: .75rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.verdict { font-size: 1.15rem; font-weight: 600; padding: .6rem .9rem; border-left: .4rem solid; background: var(--box);
  border-radius: .2rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .75rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
.wide { overflow-x: auto; margin: .5rem 0; }
.wide:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: normal; }
td.long { min-width: 15rem; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 500; } tbody th > a, tbody th > code { white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { background: var(--box); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .8rem;
  overflow-x: auto; font: .82rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
code { font: .88em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
details { margin: .35rem 0; } summary { cursor: pointer; }
ul.cases { columns: 22rem; font-size: .88rem; padding-left: 1.2rem; margin: .4rem 0; }
article { border-left: .25rem solid var(--bad); padding-left: 1rem; margin: 1.5rem 0; }
figure { margin: .75rem 0; }
figcaption { color: var(--soft); font-size: .92rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--text); font: 13px system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
svg text.soft { fill: var(--soft); } svg text.bad { fill: var(--bad); }
svg .axis { stroke: var(--line); stroke-width: 1; fill: none; }
svg .budget { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 7 4; }
svg .bar { fill: var(--one); }
svg .node { fill: var(--box); stroke: var(--text); stroke-width: 1.5; }
svg .node.inherited { stroke: var(--soft); stroke-dasharray: 3 3; }
svg .node.changed { stroke: var(--link); stroke-width: 3; }
svg .arrow { fill: none; stroke: var(--text); stroke-width: 1.6; }
svg .arrow.strong { stroke-width: 2.6; }
svg .arrow.lonely { stroke: var(--bad); stroke-dasharray: 6 3; }
svg .tip { fill: var(--text); } svg .tip.lonely { fill: var(--bad); }
.plot { max-width: 46rem; min-width: 34rem; } .bars { max-width: 30rem; }
.side { display: flex; flex-wrap: wrap; gap: 1rem 2rem; } .side > * { flex: 1 1 18rem; min-width: 0; }
@media (max-width: 40rem) {
  body { padding: 1rem .8rem 3rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; }
}
@media print { body { max-width: none; } details > * { display: block; } }
"""
"""The page's only style sheet. Colours have a contrast of at least 4.5 to 1 against the page in both schemes."""
