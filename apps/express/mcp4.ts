// The same door on Express 4.
process.env.EXPRESS = '4'
await import('./mcp.ts')
