/**
 * One spelling for all that a look-up may take for the same user: compatibility forms, case, accents, invisible characters
 * and white space around it are levelled. Only names of buckets are made of it: two users who share one share a budget at one
 * address, and nothing else.
 */
export function levelledName(username: string): string {
  return (
    username
      .normalize('NFKD')
      .replace(/[\p{M}\p{Default_Ignorable_Code_Point}]/gu, '')
      // Upper case first: ß and ſ, and both small sigmas, fold so.
      .toUpperCase()
      .toLowerCase()
      .normalize('NFKC')
      .trim()
  )
}
