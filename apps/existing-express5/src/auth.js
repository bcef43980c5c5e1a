import { randomBytes, scrypt as scryptCallback, scryptSync, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { bearer, policy } from '@countersign/policy'
import { legacyTokens } from '@countersign/tokens'
import jwt from 'jsonwebtoken'
import { HttpError } from './errors.js'
import { logger } from './logger.js'

const scrypt = promisify(scryptCallback)

const TOKEN_TTL = Number(process.env.TOKEN_TTL) || 3600
const ISSUER = 'orders-api'

let JWT_SECRET = process.env.JWT_SECRET
if (!JWT_SECRET) {
  JWT_SECRET = randomBytes(32).toString('hex')
  logger.warn('JWT_SECRET is not set, using a random one: tokens will not survive a restart')
}

function demoUser(id, email, name, role, password) {
  const salt = randomBytes(16)
  return { id, email, name, role, salt, passwordHash: scryptSync(password, salt, 64) }
}

// TODO: move to the database once the accounts service is live
const users = [
  demoUser('u1', 'alice@example.com', 'Alice', 'customer', 'alice-password'),
  demoUser('u2', 'bob@example.com', 'Bob', 'customer', 'bob-password'),
  demoUser('u3', 'admin@example.com', 'Admin', 'admin', 'admin-password'),
]

const publicUser = ({ id, email, name, role }) => ({ id, email, name, role })

export const listUsers = () => users.map(publicUser)

async function verifyPassword(user, password) {
  const hash = await scrypt(password, user.salt, 64)
  return timingSafeEqual(hash, user.passwordHash)
}

export async function login(req, res) {
  const { email, password } = req.body ?? {}
  if (typeof email !== 'string' || typeof password !== 'string') {
    throw new HttpError(400, 'VALIDATION_ERROR', 'email and password are required')
  }

  const user = users.find((u) => u.email === email.toLowerCase())
  if (!user || !(await verifyPassword(user, password))) {
    throw new HttpError(401, 'INVALID_CREDENTIALS', 'Wrong email or password')
  }

  const token = jwt.sign({ email: user.email, name: user.name, role: user.role }, JWT_SECRET, {
    algorithm: 'HS256',
    subject: user.id,
    issuer: ISSUER,
    expiresIn: TOKEN_TTL,
  })

  logger.info('user logged in', { requestId: req.id, userId: user.id })
  res.json({ token, expiresIn: TOKEN_TTL, user: publicUser(user) })
}

const tokens = legacyTokens({ secret: JWT_SECRET, algorithms: ['HS256'], issuer: ISSUER, audience: false, type: false })
export const signedIn = policy({ accept: bearer(tokens) })

export function requireRole(...roles) {
  return (req, _res, next) => {
    if (!roles.includes(req.user?.role)) {
      throw new HttpError(403, 'FORBIDDEN', 'You do not have permission to do this')
    }
    next()
  }
}
