/** An ECDSA signature r ‖ s (RFC 7518 section 3.4, `half` bytes each) as the DER that OpenSSL reads. */
export function derSignature(signature: Uint8Array, half: number): Uint8Array {
  const r = leadingZeros(signature, 0, half)
  const s = leadingZeros(signature, half, 2 * half)
  const rLength = half - r + (sign(signature, r) ? 1 : 0)
  const sLength = 2 * half - s + (sign(signature, s) ? 1 : 0)
  const length = 4 + rLength + sLength
  const head = length > 127 ? 3 : 2
  const der = new Uint8Array(head + length)
  let at = 0
  der[at++] = 0x30
  if (length > 127) der[at++] = 0x81
  der[at++] = length
  at = integer(der, at, signature, r, half, rLength)
  integer(der, at, signature, s, 2 * half, sLength)
  return der
}

/** Where the number starts: past its leading zeros, but never past its last byte. */
function leadingZeros(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end - 1 && bytes[at] === 0) at++
  return at
}

function sign(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] as number) > 127
}

function integer(der: Uint8Array, at: number, from: Uint8Array, start: number, end: number, length: number): number {
  der[at] = 0x02
  der[at + 1] = length
  der.set(from.subarray(start, end), at + 2 + length - (end - start))
  return at + 2 + length
}

/** The other way: what OpenSSL wrote, as r ‖ s. For DER of our own making. */
export function plainSignature(der: Uint8Array, half: number): Uint8Array {
  const plain = new Uint8Array(2 * half)
  let at = (der[1] as number) === 0x81 ? 3 : 2
  for (const end of [half, 2 * half]) {
    const length = der[at + 1] as number
    const number = der.subarray(at + 2, at + 2 + length)
    const short = number.subarray(Math.max(0, length - half)) // the zero before a high bit is not part of it
    plain.set(short, end - short.length)
    at += 2 + length
  }
  return plain
}
