import { createHash } from 'node:crypto';

/**
 * The one style sheet of all pages, inline so that a page needs nothing but itself. Colours meet WCAG AA in both
 * schemes (test/unit/pages/style.test.ts). Joined to one line because it travels with every refusal.
 */
export const STYLE = `
:root{
color-scheme:light dark;
--ground:#f3f4f6;--card:#fff;--tint:#f7f8fa;--text:#1b2027;--muted:#59626e;--line:#e1e4e9;--edge:#808996;
--accent:#2450b2;--accent-hover:#1a3d8c;--on-accent:#fff}
@media(prefers-color-scheme:dark){
:root{
--ground:#121519;--card:#1b1f25;--tint:#22272e;--text:#e7eaee;--muted:#a4adb9;--line:#323943;--edge:#757f8d;
--accent:#9dbaff;--accent-hover:#bdd0ff;--on-accent:#10182b}}
*{box-sizing:border-box;margin:0}
body{
display:flex;flex-direction:column;align-items:center;min-height:100vh;min-height:100dvh;
padding:clamp(1rem,4vw,3rem) 1rem;background:var(--ground);color:var(--text);
font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
main{
width:100%;max-width:36rem;margin-top:auto;padding:clamp(1.5rem,6vw,2.5rem);
background:var(--card);border:1px solid var(--line);border-radius:.875rem;box-shadow:0 1px 2px #0000000a,0 8px 28px #0000000d}
.logo{display:block;max-width:100%;height:2.5rem;margin-bottom:.75rem}
.app a{color:inherit}
.app{margin-bottom:.375rem;color:var(--muted);font-size:.875rem;font-weight:600}
h1{margin-bottom:1rem;font-size:1.625rem;line-height:1.25;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
h2{margin:1.75rem 0 .5rem;font-size:.875rem;line-height:1.4;font-weight:600;color:var(--muted)}
p+p{margin-top:.75rem}
ul{padding:0;list-style:none;background:var(--tint);border:1px solid var(--line);border-radius:.5rem}
li{padding:.5rem .875rem}
li+li{border-top:1px solid var(--line)}
.more{color:var(--muted)}
dl{margin-top:1.5rem}
dl div{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.5rem 0;border-top:1px solid var(--line)}
dl div:last-child{border-bottom:1px solid var(--line)}
dt{flex:1 0 9rem;color:var(--muted)}
dd{flex:999 1 14rem}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:2rem}
.action{
display:inline-block;padding:.625rem 1.25rem;background:none;color:var(--text);border:1px solid var(--edge);border-radius:.5rem;
font:inherit;font-weight:600;line-height:1.5;text-align:center;text-decoration:none;cursor:pointer;text-wrap:balance}
.action:hover{background:var(--tint)}
.primary{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.primary:hover{background:var(--accent-hover);border-color:var(--accent-hover)}
.action:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
[target=_blank]::after{content:" \\2197"/" (opens in a new tab)"}
footer{width:100%;max-width:36rem;margin-bottom:auto;padding:1.25rem .25rem 0;color:var(--muted);font-size:.8125rem;text-align:center}
footer span{display:inline-block;margin:0 .625rem}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;user-select:all}
@media(max-width:26rem){form,.action{width:100%}}
`.replaceAll('\n', '');

/** CSP source of the style sheet: the style element holds exactly `STYLE`. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
