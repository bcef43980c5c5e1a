import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { Command, InvalidArgumentError } from 'commander'
import { attack } from './attack.ts'
import { verifyAudit } from './audit-verify.ts'
import { EXIT } from './exit.ts'
import { explain } from './explain.ts'
import { tokenOf } from './header.ts'
import { listKeys, retireKey, rotateKeys } from './keys.ts'
import { routes } from './routes.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const list = (value: string, before: readonly string[] = []) => [...before, value]

export function program(): Command {
  const root = new Command('countersign')
    .description('Why a credential is refused, whether a server refuses what it should, and the keys that sign')
    .version(version)
    .configureHelp({ sortSubcommands: true })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.right : EXIT.usage))

  root
    .command('explain')
    .description('Tells step by step what a policy makes of a request: nothing is sent anywhere but to the key source')
    .argument(
      '[token]',
      'the bearer token, with "Bearer" before it or without; - reads it from standard input, so that no shell remembers it',
    )
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
      await finish(() => explain(read, options), secretsIn(read, options.header))
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
      finish(async () => attack(url, { ...options, token: tokenOf((await given(options.token)) ?? '') })),
    )

  const keys = root.command('keys').description('The keys that an issuer of yours signs with, in its store')
  const issuerOption = [
    '-i, --issuer <module#name>',
    'your module and the issuer that it exports: ./auth.ts#own',
  ] as const
  const dryRun = ['-n, --dry-run', 'change nothing; print what it would come to, and when'] as const
  const json = ['--json', 'as JSON'] as const
  keys
    .command('list')
    .description('The keys: next (published), active (signs), retiring (verifies)')
    .requiredOption(...issuerOption)
    .option(...json)
    .action(async (options) => finish(() => listKeys(options)))
  keys
    .command('rotate')
    .description('Publishes a next key; when one is published, lets it sign as soon as every verifier can know it')
    .requiredOption(...issuerOption)
    .option(...dryRun)
    .option(...json)
    .action(async (options) => finish(() => rotateKeys(options)))
  keys
    .command('retire')
    .description('For a key that someone else may have: its tokens are refused at once, and another key signs')
    .argument('<kid>', 'its name, as `keys list` prints it')
    .requiredOption(...issuerOption)
    .option(...dryRun)
    .option(...json)
    .action(async (kid: string, options) => finish(() => retireKey(kid, options)))
  root
    .command('routes')
    .description('Every route of your app with the policies before it; nothing listens')
    .argument('<module>', 'your module and the app that it exports, Express 5.3 or Fastify: ./app.ts#app')
    .option('--export <name>', 'the name of that export, as #name')
    .option(...json)
    .option('--openapi', 'as an OpenAPI 3.1 document')
    .option('--refuse-undeclared', 'exit with 1 where a route holds no policy')
    .addHelpText(
      'after',
      '\nExit code: 0, or 1 with --refuse-undeclared where a route holds no policy; 2 when the question is wrong.\n',
    )
    .action(async (where: string, options) => finish(() => routes(where, options)))
  root
    .command('audit')
    .description('Logs that @countersign/audit-log wrote')
    .command('verify')
    .description('Whether lines of a chained audit log were changed, taken out, put in, moved or cut off')
    .argument('<file...>', 'the log and its numbered files, in any order')
    .requiredOption('-k, --key-file <file>', 'the key of the chain; may be repeated, where it was changed', list)
    .option('--expect-head <number:hmac>', 'a head that was kept elsewhere: the log must hold it')
    .option('--whole', 'the log must begin at its first line')
    .option('--closed', 'the log must end as one does whose writer was closed')
    .option(...json)
    .addHelpText(
      'after',
      '\nExit code: 0 when nothing is wrong, 1 when something is, 2 when the question is wrong. An end that was cut off between\ntwo lines shows by --expect-head or --closed alone.\n',
    )
    .action(async (files: readonly string[], options) => finish(() => verifyAudit(files, options)))
  return root
}

async function given(token: string | undefined): Promise<string | undefined> {
  return token === '-' ? (await text(process.stdin)).trim() : token
}

/**
 * Prints and leaves: a module that was imported may hold a database open. Whatever such a module prints goes to standard error,
 * so that standard output is the report alone.
 */
async function finish(
  ask: () => Promise<{ readonly text: string; readonly exit: number }>,
  secrets: readonly string[] = [],
): Promise<void> {
  const print = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write
  const { text, exit } = await ask().catch((error) => ({
    text: `${veiled(error instanceof Error ? error.message : `${error}`, secrets)}\n`,
    exit: EXIT.usage,
  }))
  const leave = () => process.exit(exit)
  if (exit === EXIT.usage) process.stderr.write(text, leave)
  else print(text, leave)
}

/** Shorter ones occur by chance, and are nobody's secret. */
const SECRET_LENGTH = 8

/** What was given as a credential: an application's error may repeat it. */
function secretsIn(token: string | undefined, header: readonly string[] = []): readonly string[] {
  const values = [token ?? '', ...header.map((line) => line.slice(line.indexOf(':') + 1).trim())]
  // With its scheme in front, and without.
  return values.flatMap((one) => [one, one.replace(/^.*\s/s, '')]).filter((one) => one.length >= SECRET_LENGTH)
}

function veiled(message: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message)
}

function method(value: string): string {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  if (!methods.includes(value)) throw new InvalidArgumentError(`one of ${methods.join(', ')}`)
  return value
}
