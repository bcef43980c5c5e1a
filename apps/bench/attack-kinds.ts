/** What attacks have in common, and how heavy it is when one gets in: a way in, or strictness that lets in nobody new. */
export interface Kind {
  readonly title: string
  readonly says: string
  readonly wayIn: boolean
  /** Which attacks of the kit: the beginnings of their ids. */
  readonly ids: readonly string[]
  /** Sends tokens that are not the good one: says nothing of a server that knows no tokens. */
  readonly tokens: boolean
}

// biome-ignore format: a table
/** The first that fits an attack is its kind. */
export const KINDS: readonly Kind[] = [
  { title: 'Nothing in hand', says: 'no credential at all', wayIn: true, tokens: false, ids: ['none', 'scheme.', 'path.', 'method.', 'override'] },
  { title: 'A good token, taken along by a browser', says: 'a request that another site can cause (CSRF)', wayIn: true, tokens: false, ids: ['cookie'] },
  { title: 'A good token of someone who may less', says: 'who lacks the scope `posts:read`', wayIn: true, tokens: true, ids: ['scope.'] },
  { title: 'Strictness: an unusual token of the issuer’s own', says: 'the issuer alone can make it', wayIn: false, tokens: true, ids: ['exp.', 'iss.array', 'sub.missing', 'typ.dpop', 'claims.duplicate', 'claims.padding', 'claims.alphabet', 'claims.huge'] },
  { title: 'Strictness: the good token, written another way', says: 'whoever sends it has the good token', wayIn: false, tokens: true, ids: ['signature.noncanonical', 'signature.padding'] },
  { title: 'Strictness: the good token, sent another way', says: 'whoever sends it has the good token', wayIn: false, tokens: false, ids: ['header.', 'query'] },
  { title: 'A token that the issuer signed for something else', says: 'for another time, audience, issuer, purpose', wayIn: true, tokens: true, ids: ['expired', 'nbf', 'aud.', 'iss.', 'typ.', 'id-token', 'crit'] },
  { title: 'A token that the issuer did not sign', says: 'anybody can make it', wayIn: true, tokens: true, ids: ['alg.', 'signature.', 'claims.changed', 'key.', 'kid.', 'confusion.', 'garbage', 'dots'] },
]

/** Throws for an attack that has no kind: say above what it is. */
export function kindOf(id: string): Kind {
  const kind = KINDS.find(({ ids }) => ids.some((start) => id.startsWith(start)))
  if (!kind) throw new Error(`attack-kinds.ts has no kind for the attack ${id}`)
  return kind
}
