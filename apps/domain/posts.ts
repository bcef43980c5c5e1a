import type { DatabaseSync } from 'node:sqlite'

export interface NewPost {
  readonly title: string
  readonly body: string
  readonly tags?: readonly string[]
}
export interface Post {
  readonly id: number
  readonly author: string
  readonly title: string
  readonly body: string
  readonly tags: readonly string[]
  /** Epoch seconds. */
  readonly created_at: number
}

/** The post table. */
export function postsIn(database: DatabaseSync, clock: () => number = Date.now) {
  const one = database.prepare('SELECT * FROM posts WHERE id = ?')
  const page = database.prepare('SELECT * FROM posts WHERE id > ? ORDER BY id LIMIT ?')
  const insert = database.prepare(
    'INSERT INTO posts (author, title, body, tags, created_at) VALUES (?, ?, ?, ?, ?) RETURNING *',
  )
  const update = database.prepare('UPDATE posts SET title = ?, body = ?, tags = ? WHERE id = ? RETURNING *')
  const remove = database.prepare('DELETE FROM posts WHERE id = ?')
  return {
    get: (id: number): Post | undefined => toPost(one.get(id)),
    /** Posts after the id `cursor`, and the cursor of the next page where there is one. */
    list(limit: number, cursor: number): { posts: readonly Post[]; next_cursor?: string } {
      const rows = page.all(cursor, limit + 1).map((row) => toPost(row) as Post)
      const posts = rows.slice(0, limit)
      return { posts, ...(rows.length > limit && { next_cursor: `${posts.at(-1)?.id}` }) }
    },
    create: (author: string, { title, body, tags = [] }: NewPost): Post =>
      toPost(insert.get(author, title, body, JSON.stringify(tags), Math.floor(clock() / 1000))) as Post,
    update: (id: number, { title, body, tags = [] }: NewPost): Post | undefined =>
      toPost(update.get(title, body, JSON.stringify(tags), id)),
    remove: (id: number): boolean => remove.run(id).changes > 0,
  }
}

function toPost(row: Record<string, unknown> | undefined): Post | undefined {
  if (!row) return undefined
  const { tags, ...post } = row as Omit<Post, 'tags'> & { tags: string }
  return { ...post, tags: JSON.parse(tags) }
}
