import { type CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Post, postsIn } from './posts.ts'

/** Who calls, as the tools see it. */
export interface ToolCaller {
  readonly subject: string
  /** The rule of `PUT /posts/:id`: one's own, or any for an admin. */
  mayChange(post: Post): Promise<boolean>
}

const id = z.number().int().positive().describe('The id of the post')
const NewPost = {
  title: z.string().min(1).max(200),
  body: z.string().min(1).max(20_000),
  tags: z.array(z.string().min(1).max(50)).max(10).optional(),
}

/** The posts as tools, for one request of one caller: which tools they may call was settled before. */
export function postsServer(posts: ReturnType<typeof postsIn>, caller: ToolCaller): McpServer {
  const server = new McpServer({ name: 'sample-posts', version: '1.0.0' })
  server.registerTool(
    'list_posts',
    {
      description: 'Lists posts, oldest first',
      inputSchema: z.object({
        limit: z.number().int().min(1).max(100).default(20),
        cursor: z.number().int().min(0).default(0),
      }),
    },
    ({ limit, cursor }) => shown(posts.list(limit, cursor)),
  )
  server.registerTool('get_post', { description: 'Reads a post', inputSchema: z.object({ id }) }, ({ id }) =>
    withPost(id, shown),
  )
  server.registerTool(
    'create_post',
    { description: 'Writes a post', inputSchema: z.strictObject(NewPost) },
    ({ title, body, tags = [] }) => shown(posts.create(caller.subject, { title, body, tags })),
  )
  server.registerTool(
    'update_post',
    { description: 'Changes a post of your own', inputSchema: z.strictObject({ id, ...NewPost }) },
    ({ id, title, body, tags = [] }) =>
      withPost(id, async (post) =>
        (await caller.mayChange(post))
          ? shown(posts.update(id, { title, body, tags }))
          : refused('This post is of another.'),
      ),
  )
  server.registerTool('delete_post', { description: 'Deletes a post', inputSchema: z.object({ id }) }, ({ id }) =>
    withPost(id, () => {
      posts.remove(id)
      return shown({ deleted: id })
    }),
  )
  return server

  function withPost(id: number, use: (post: Post) => CallToolResult | Promise<CallToolResult>) {
    const post = posts.get(id)
    return post ? use(post) : refused('There is no such post.')
  }
}

function shown(value: unknown): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }] }
}

/** The model reads it, and may tell its user. */
function refused(why: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: why }] }
}
