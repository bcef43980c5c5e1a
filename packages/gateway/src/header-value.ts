/** A text as one word of a header: visible ASCII as it is, but `%`, `,`, `;` and quotes; the rest percent-encoded UTF-8. */
export function headerValue(text: string): string {
  return text.toWellFormed().replace(/[^!#$&'()*+./0-9:<=>?@A-Z[\]^_`a-z{|}~-]/gu, percent)
}

function percent(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
