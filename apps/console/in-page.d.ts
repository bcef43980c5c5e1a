export interface Text {
  readonly text: string
  /** 1 to 21. */
  readonly contrast: number
  /** Light on dark. */
  readonly dark: boolean
}
export function contrasts(): readonly Text[]
export function visible(): string
export function edge(): { readonly width: number; readonly beyond: readonly string[] }
export function focus(): readonly [id: string, outline: string]
export function intrude(): Promise<string>
export function labels(): readonly string[]
