/**
 * True for a modulus made by the Infineon library of CVE-2017-15361: modulo each small prime it is a power of 65537.
 * A sound modulus has that property by chance once in 2^27 keys.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return RESIDUES.every(([prime, powers]) => powers.has(Number(modulus % BigInt(prime))))
}

/** The primes modulo which 65537 does not generate every residue: only those tell anything. */
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]
const RESIDUES = PRIMES.map((prime) => [prime, powersOf65537(prime)] as const)

function powersOf65537(prime: number): ReadonlySet<number> {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * (65537 % prime)) % prime) powers.add(power)
  return powers
}
