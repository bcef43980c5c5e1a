import { isUnavailable } from '@countersign/http'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, hashing } from './hashing-queue.ts'

/** Work that ends when it is told to, and a count of what runs. */
function workshop() {
  const open: (() => void)[] = []
  const seen = { running: 0, most: 0 }
  const work = async () => {
    seen.most = Math.max(seen.most, ++seen.running)
    await new Promise<void>((resolve) => open.push(resolve))
    seen.running--
    return 'done'
  }
  const finish = async () => {
    while (open.length > 0) {
      open.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { work, finish, seen }
}

describe('the hashing queue', () => {
  it('runs no more at once than it may, and all in the end', async () => {
    const { work, finish, seen } = workshop()
    const all = Array.from({ length: 12 }, () => hashing(work, { concurrency: 3, queue: 9 }))
    await finish()
    expect(await Promise.all(all)).toEqual(Array(12).fill('done'))
    expect(seen.most).toBe(3)
  })

  it('refuses at once what neither runs nor fits, and starts none of it', async () => {
    const { work, finish, seen } = workshop()
    const limits = { concurrency: 1, queue: 2 }
    const accepted = [hashing(work, limits), hashing(work, limits), hashing(work, limits)]
    const error = await hashing(work, limits).catch((reason: unknown) => reason)
    expect(isUnavailable(error)).toBe(true)
    expect(error).toMatchObject({ retryAfter: 1, message: 'Password hashing does not answer' })
    expect(seen.most).toBe(1)
    await finish()
    expect(await Promise.all(accepted)).toHaveLength(3)
  })

  it('gives its turn back when the work fails', async () => {
    const limits = { concurrency: 1, queue: 0 }
    await expect(hashing(() => Promise.reject(new Error('no memory')), limits)).rejects.toThrow('no memory')
    await expect(hashing(() => Promise.resolve(1), limits)).resolves.toBe(1)
  })

  it('is one for the process: work under other limits counts too', async () => {
    const { work, finish } = workshop()
    const running = hashing(work, { concurrency: 2, queue: 0 })
    await expect(hashing(work, { concurrency: 1, queue: 0 })).rejects.toThrow('does not answer')
    await finish()
    await running
  })

  it('leaves a thread of libuv’s four to files and names', () => {
    expect(DEFAULT_LIMITS.concurrency).toBeGreaterThanOrEqual(2)
    expect(DEFAULT_LIMITS.concurrency).toBeLessThanOrEqual(3)
    expect(DEFAULT_LIMITS.queue).toBe(32)
  })
})
