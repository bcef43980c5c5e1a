import { hash } from 'node:crypto'

/** One sheet for all pages: readable at 360 px, in the dark, and with text at twice its size. */
export const STYLE = `
:root{color-scheme:light dark;--back:#f4f5f7;--card:#fff;--text:#16181d;--soft:#59606d;--line:#c9ced6;--main:#1748b8;--on:#fff;--bad:#a11217}
@media (prefers-color-scheme:dark){:root{--back:#111318;--card:#1b1e25;--text:#eceef2;--soft:#a9b0bd;--line:#434957;--main:#8fb0ff;--on:#10131a;--bad:#ff9d9d}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;padding:1rem;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{width:100%;max-width:27rem;margin:auto;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
main.wide{max-width:44rem}
h1{font-size:1.375rem;line-height:1.3;margin:0 0 .75rem}
h2{font-size:1.0625rem;margin:1.75rem 0 .5rem}
p{margin:.5rem 0}
.soft{color:var(--soft);font-size:.9375rem}
.wrong{color:var(--bad);border:1px solid;border-radius:.5rem;padding:.5rem .75rem}
label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input:not([type=hidden]){width:100%;min-height:2.75rem;padding:.5rem .75rem;font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:.5rem}
input.code{font-family:ui-monospace,monospace;letter-spacing:.12em;text-transform:uppercase}
button{min-height:2.75rem;padding:.5rem 1.1rem;font:inherit;font-weight:600;border-radius:.5rem;border:1px solid var(--main);background:transparent;color:var(--main);cursor:pointer}
button.main{background:var(--main);color:var(--on)}
.buttons{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.25rem}
.buttons button{flex:1 1 8rem}
ul{margin:.5rem 0;padding-left:1.25rem}
ul.rows{list-style:none;padding:0}
ul.rows li{display:flex;flex-wrap:wrap;gap:.5rem 1rem;justify-content:space-between;align-items:center;padding:.75rem 0;border-top:1px solid var(--line)}
ul.rows div{flex:1 1 14rem;min-width:0}
a{color:var(--main)}
:focus-visible{outline:3px solid var(--main);outline-offset:2px}
`

/** For `style-src`: no other style takes effect. */
export const STYLE_SOURCE = `'sha256-${hash('sha256', STYLE, 'base64')}'`
