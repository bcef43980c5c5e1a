export { decryptBody, encryptBody } from './body.ts'
export { type EncryptedTokensOptions, encryptedTokens, encryptToken } from './token.ts'
