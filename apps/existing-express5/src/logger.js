const LEVELS = { debug: 10, info: 20, warn: 30, error: 40, silent: 100 }

const threshold = LEVELS[process.env.LOG_LEVEL] ?? (process.env.NODE_ENV === 'test' ? LEVELS.silent : LEVELS.info)

function write(level, message, fields) {
  if (LEVELS[level] < threshold) return
  const line = JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })
  const stream = LEVELS[level] >= LEVELS.error ? process.stderr : process.stdout
  stream.write(`${line}\n`)
}

export const logger = {
  debug: (message, fields) => write('debug', message, fields),
  info: (message, fields) => write('info', message, fields),
  warn: (message, fields) => write('warn', message, fields),
  error: (message, fields) => write('error', message, fields),
}
