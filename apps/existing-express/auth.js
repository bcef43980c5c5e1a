'use strict'

const crypto = require('node:crypto')
const { promisify } = require('node:util')
const { bearer, policy } = require('@countersign/policy')
const { legacyTokens } = require('@countersign/tokens')
const jwt = require('jsonwebtoken')
const { HttpError } = require('./errors')
const logger = require('./logger')

const scrypt = promisify(crypto.scrypt)

const TOKEN_TTL = Number(process.env.TOKEN_TTL) || 3600
const ISSUER = 'orders-api'

let JWT_SECRET = process.env.JWT_SECRET
if (!JWT_SECRET) {
  JWT_SECRET = crypto.randomBytes(32).toString('hex')
  logger.warn('JWT_SECRET is not set, using a random one: tokens will not survive a restart')
}

function demoUser(id, email, name, role, password) {
  const salt = crypto.randomBytes(16)
  return { id, email, name, role, salt, passwordHash: crypto.scryptSync(password, salt, 64) }
}

// TODO: move to the database once the accounts service is live
const users = [
  demoUser('u1', 'alice@example.com', 'Alice', 'customer', 'alice-password'),
  demoUser('u2', 'bob@example.com', 'Bob', 'customer', 'bob-password'),
  demoUser('u3', 'admin@example.com', 'Admin', 'admin', 'admin-password'),
]

async function verifyPassword(user, password) {
  const hash = await scrypt(password, user.salt, 64)
  return crypto.timingSafeEqual(hash, user.passwordHash)
}

async function login(req, res, next) {
  try {
    const { email, password } = req.body
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
    res.json({
      token,
      expiresIn: TOKEN_TTL,
      user: { id: user.id, email: user.email, name: user.name, role: user.role },
    })
  } catch (err) {
    next(err)
  }
}

const tokens = legacyTokens({ secret: JWT_SECRET, algorithms: ['HS256'], issuer: ISSUER, audience: false, type: false })
const signedIn = policy({ accept: bearer(tokens) })

function requireRole(...roles) {
  return (req, _res, next) => {
    if (!req.user || !roles.includes(req.user.role)) {
      return next(new HttpError(403, 'FORBIDDEN', 'You do not have permission to do this'))
    }
    next()
  }
}

function listUsers() {
  return users.map(({ id, email, name, role }) => ({ id, email, name, role }))
}

module.exports = { signedIn, requireRole, login, listUsers }
