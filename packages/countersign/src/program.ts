import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { Command, InvalidArgumentError } from 'commander'
import { attack } from './attack.ts'
import { EXIT } from './exit.ts'
import { explain } from './explain.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const list = (value: string, before: readonly string[] = []) => [...before, value]

export function program(): Command {
  const root = new Command('countersign')
    .description('Why a credential is refused, and whether a server refuses what it should')
    .version(version)
    .configureHelp({ sortSubcommands: true })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.right : EXIT.usage))

  root
    .command('explain')
    .description('Tells step by step what a policy makes of a request: nothing is sent anywhere but to the key source')
    .argument('[token]', 'the bearer token; - reads it from standard input, so that no shell remembers it')
    .option('-p, --policy <module#name>', 'your module and the policy that it exports: ./policies.ts#readPosts')
    .option('--issuer <url>', 'instead of --policy: take tokens of this issuer')
    .option('--audience <audience>', 'with --issuer: your API, as its tokens name it')
    .option('--scope <scope>', 'with --issuer: what the token must allow; may be repeated', list)
    .option('-H, --header <line>', "any other header, such as 'X-API-Key: …'; may be repeated", list)
    .option('-X, --method <method>', 'the method of the request', 'GET')
    .option('--url <path>', 'path and query of the request', '/')
    .option('--json', 'the explanation as JSON')
    .addHelpText(
      'after',
      '\nExit code: 0 when the request would pass, 1 when it would be refused, 2 when the question is wrong.\n',
    )
    .action(async (token: string | undefined, options) => {
      const read = await given(token)
      await finish(explain(read, options), secretsIn(read, options.header))
    })

  root
    .command('attack')
    .description('Breaks your token in every known way, sends each to your server, and shows what it let in')
    .argument('<url>', 'a route that your token opens: http://127.0.0.1:3000/me')
    .requiredOption('-t, --token <token>', 'a good token for it; - reads it from standard input')
    .option('-X, --method <method>', 'the method of the route', method, 'GET')
    .option('-d, --data <json>', 'the JSON body of a good request')
    .option('-H, --header <line>', 'any other header that every request needs; may be repeated', list)
    .option('--jwks <file or url>', "the server's public keys: for key confusion")
    .option('--other <path>', "an object that is not the token's: must be 403 or 404; may be repeated", list)
    .option('--json', 'one JSON object a line')
    .option('--dangerously-attack-a-host-that-is-not-this-machine', 'only where its owner has agreed: it is an attack')
    .addHelpText(
      'after',
      '\nExit code: 0 when there is no way in, 1 when there is one, 2 when the good request does not pass. What strictness would\nrefuse, a server that breaks and a missing challenge are told, and do not count: nobody new gets in.\n',
    )
    .action(async (url: string, options) =>
      finish(attack(url, { ...options, token: (await given(options.token)) ?? '' })),
    )
  return root
}

async function given(token: string | undefined): Promise<string | undefined> {
  return token === '-' ? (await text(process.stdin)).trim() : token
}

/** Prints and leaves: a module that was imported may hold a database open. */
async function finish(
  result: Promise<{ readonly text: string; readonly exit: number }>,
  secrets: readonly string[] = [],
): Promise<void> {
  const { text, exit } = await result.catch((error) => ({
    text: `${veiled(error instanceof Error ? error.message : `${error}`, secrets)}\n`,
    exit: EXIT.usage,
  }))
  const stream = exit === EXIT.usage ? process.stderr : process.stdout
  stream.write(text, () => process.exit(exit))
}

/** Shorter ones occur by chance, and are nobody's secret. */
const SECRET_LENGTH = 8

/** What was given as a credential: an application's error may repeat it. */
function secretsIn(token: string | undefined, header: readonly string[] = []): readonly string[] {
  return [token ?? '', ...header.map((line) => line.slice(line.indexOf(':') + 1).trim())].filter(
    (one) => one.length >= SECRET_LENGTH,
  )
}

function veiled(message: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message)
}

function method(value: string): string {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  if (!methods.includes(value)) throw new InvalidArgumentError(`one of ${methods.join(', ')}`)
  return value
}
