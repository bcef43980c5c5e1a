/** Express 4 under another name, so that the same wiring runs on both. */
declare module 'express4' {
  import type { Express } from 'express'

  export default function express(): Express
}
