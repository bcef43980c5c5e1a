// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of sources
// Each guard of the audit log, of the command that verifies one, and of what is told of a request, taken out; the test that it
// names must fail, and does not without.
import type { PackageMutant } from './package-mutants.ts'

const BEHIND = 'test/behind.test.ts'
const CHAIN = 'test/chain.test.ts'
const SINKS = 'test/sinks.test.ts'
const LOG = 'src/audit-log.test.ts'
const VERIFY = 'src/audit.test.ts'
const FACTS = 'src/request-facts.test.ts'

// biome-ignore format: a table
export const auditMutants: readonly PackageMutant[] = [
  { in: BEHIND, what: 'memory grows', file: 'audit-log/src/buffered.ts', find: 'if (isStopped || queue.length + underway >= limit) {', replace: 'if (isStopped) {', test: 'ten thousand events are held' },
  { in: BEHIND, what: 'a loss is not told', file: 'audit-log/src/buffered.ts', find: '      tellLost()\n      tellWaiting()', replace: '      tellWaiting()', test: 'ten thousand events are held' },
  { in: BEHIND, what: 'flush resolves though events were dropped', file: 'audit-log/src/buffered.ts', find: 'if (untold > 0) throw', replace: 'if (untold > 0) return\n      if (false) throw', test: 'ten thousand events are held' },
  { in: BEHIND, what: 'a flush that gave up stays in the list', file: 'audit-log/src/buffered.ts', find: 'waiting = waiting.filter((one) => one !== entry)', replace: '', test: 'what a flush gave up with is kept by nobody' },
  { in: BEHIND, what: 'a flush waits longer than it was told', file: 'audit-log/src/buffered.ts', find: '      }, within)', replace: '      }, within * 20)', test: 'closing does not wait' },
  { in: BEHIND, what: 'a sink that is well again still fails', file: 'audit-log/src/buffered.ts', find: 'failing = undefined\n        since', replace: 'since', test: 'on node:http > a sink that throws' },
  { in: BEHIND, what: 'a sink that hangs is not noticed', file: 'audit-log/src/buffered.ts', find: 'return since !== undefined && performance.now() - since > patience', replace: 'return false', test: 'on node:http > a sink that hangs' },
  { in: BEHIND, what: 'a sink that fails is not noticed', file: 'audit-log/src/buffered.ts', find: 'failing !== undefined || queue', replace: 'queue', test: 'on node:http > a full disk' },
  { in: BEHIND, what: 'the words of an error are told', file: 'audit-log/src/buffered.ts', find: 'failing = errorName(error)', replace: 'failing = String((error as Error).message)', test: 'what is said of a failure is its code' },
  { in: BEHIND, what: 'a batch that failed is gone', file: 'audit-log/src/buffered.ts', find: "        if (debug.enabled) debug('audit log: the sink fails", replace: "        return\n        if (debug.enabled) debug('audit log: the sink fails", test: 'on node:http > a sink that throws' },
  { in: BEHIND, what: 'what must be on record passes', file: 'audit-log/src/audit-log.ts', find: 'before: () => (held.isBehind() ? refusal : undefined)', replace: 'before: () => undefined', test: 'on node:http > a sink that throws' },
  { in: BEHIND, what: 'a log that is closed takes more', file: 'audit-log/src/audit-log.ts', find: '    held.stop()\n', replace: '', test: 'closing does not wait' },
  { in: LOG, what: 'refusals are sampled', file: 'audit-log/src/audit-log.ts', find: 'if (isSampled && Math', replace: 'if (sample < 1 && Math', test: 'never leaves out a refusal' },
  { in: LOG, what: 'a closed log listens', file: 'audit-log/src/audit-log.ts', find: 'for (const stop of listeners) stop()', replace: '', test: 'a closed log listens no longer' },
  { in: SINKS, what: 'words of an error are reasons', file: 'audit-log/src/event.ts', find: 'word(told.reason ?? told.what)', replace: 'told.reason as string', test: 'to one of your own > countersign:forbidden (known, and may not)' },
  { in: SINKS, what: 'all of a credential', file: 'audit-log/src/event.ts', find: "set(draft, 'credential_id', printable(credential.id ?? told.id))", replace: 'Object.assign(draft, credential)', test: 'to one of your own > countersign:forbidden (known, and may not)' },
  { in: LOG, what: 'lines can be forged', file: 'audit-log/src/text.ts', find: '    .replace(UNPRINTABLE, (character) => encodeURIComponent(character))\n', replace: '', test: 'no text forges or hides a line' },
  { in: LOG, what: 'texts of any length', file: 'audit-log/src/text.ts', find: 'value.length > most ? value.slice(0, most) : value', replace: 'value', test: 'no text forges or hides a line' },
  { in: LOG, what: 'queries are written', file: 'audit-log/src/record.ts', find: '    ...requestFacts(request),\n', replace: '    ...requestFacts(request),\n    path: (request as { readonly url?: string }).url,\n', test: 'of a request the named things' },
  { in: LOG, what: 'a record names nobody', file: 'audit-log/src/record.ts', find: '      subject: proven.principal.subject,\n', replace: '', test: 'of a request the named things' },
  { in: LOG, what: 'fields that nobody knows', file: 'audit-log/src/record.ts', find: 'if (unknown !== undefined)', replace: 'if (false)', test: 'is refused' },
  { in: CHAIN, what: 'everybody may read it', file: 'audit-log/src/json-lines.ts', find: 'const MODE = 0o600', replace: 'const MODE = 0o644', test: 'a log that nobody touched' },
  { in: BEHIND, what: 'half a line stays in a chain', file: 'audit-log/src/json-lines.ts', find: 'if (isDirty && chain && isRegular) await to.truncate(size)', replace: '', test: 'a write that failed halfway' },
  { in: BEHIND, what: 'half a line is the head of the next', file: 'audit-log/src/json-lines.ts', find: '(isDirty && !chain && (await isBroken()))', replace: 'false', test: 'a write that failed halfway' },
  { in: CHAIN, what: 'the disk is not waited for', file: 'audit-log/src/json-lines.ts', find: 'if (fsync) await', replace: 'if (false) await', test: 'fsync true' },
  { in: CHAIN, what: 'numbers are left out', file: 'audit-log/src/json-lines.ts', find: '    head = next\n', replace: '    head = next && { ...next, seq: next.seq + 1 }\n', test: 'a log that nobody touched' },
  { in: CHAIN, what: 'closed, whatever was lost', file: 'audit-log/src/json-lines.ts', find: 'if (chain && isComplete)', replace: 'if (chain)', test: 'a log that lost events at its end' },
  { in: CHAIN, what: 'a file that was moved away is written on', file: 'audit-log/src/json-lines.ts', find: 'if (there?.ino !== inode) {', replace: 'if (false) {', test: 'a file that somebody moved away' },
  { in: CHAIN, what: 'other bytes in the file are not told', file: 'audit-log/src/json-lines.ts', find: 'if (!chain || isDirty || Number(there.size) === size) return', replace: 'return', test: 'a file that somebody moved away' },
  { in: CHAIN, what: 'a chain ends with its full file', file: 'audit-log/src/json-lines.ts', find: 'end.head ?? (size === 0 ? await endOfNumbered() : undefined)', replace: 'end.head', test: 'a process that ended between' },
  { in: CHAIN, what: 'files grow', file: 'audit-log/src/json-lines.ts', find: 'size + bytes.length > maxBytes', replace: 'false', test: 'full files are numbered' },
  { in: CHAIN, what: 'lines that stand alone', file: 'audit-log/src/chain.ts', find: "`${after?.mac ?? ''}\\n${covered}`", replace: '`\\n${covered}`', test: 'a log that nobody touched' },
  { in: LOG, what: 'a short key', file: 'audit-log/src/chain.ts', find: '(made.symmetricKeySize ?? 0) < LEAST', replace: 'false', test: 'jsonLines(' },
  { in: SINKS, what: 'what was revoked is only wrong', file: 'audit-log/src/channels.ts', find: 'is: ({ reason }) => OVER.includes(reason),', replace: 'is: () => false,', test: 'to one of your own > countersign:unauthenticated (a token or key that was revoked' },
  { in: SINKS, what: 'events among the fields of pino', file: 'audit-log/src/pino-sink.ts', find: '{ audit: event satisfies AuditEvent }', replace: '{ ...event }', test: 'pino gets each event at its level' },
]

// biome-ignore format: a table
export const verifyMutants: readonly PackageMutant[] = [
  { in: VERIFY, what: 'lines that stand alone', file: 'countersign/src/audit-verify.ts', find: 'update(`${before}\\n`)', replace: "update('\\n')", test: 'a right log has no fault' },
  { in: VERIFY, what: 'a line may come twice', file: 'countersign/src/audit-verify.ts', find: 'if (seq < due) fault(', replace: 'if (false) fault(', test: 'at its line > a line twice' },
  { in: VERIFY, what: 'any line vouches for half a line', file: 'countersign/src/audit-verify.ts', find: 'if (vouched)', replace: 'if (link)', test: 'half a line in the middle' },
  { in: VERIFY, what: 'a log may be written anew', file: 'countersign/src/audit-verify.ts', find: 'if (link.mac !== expected.mac)', replace: 'if (false)', test: 'a log written anew' },
  { in: VERIFY, what: 'an end may be cut off', file: 'countersign/src/audit-verify.ts', find: 'if (expected && !isHeadSeen)', replace: 'if (false)', test: 'an end cut off' },
  { in: VERIFY, what: 'files in the order they are named', file: 'countersign/src/audit-verify.ts', find: 'parts.sort((a, b) => a.from - b.from)', replace: '', test: 'a right log has no fault' },
  { in: VERIFY, what: 'a log may begin anywhere', file: 'countersign/src/audit-verify.ts', find: 'if (!BEGINS.includes(says.reason)) {', replace: 'if (false) {', test: 'the first taken out' },
  { in: VERIFY, what: 'lines may be missing', file: 'countersign/src/audit-verify.ts', find: '      ahead = link\n', replace: '      good = link\n', test: 'a line taken out' },
  { in: VERIFY, what: 'a chain may begin in another', file: 'countersign/src/audit-verify.ts', find: "fault(at, 'another chain begins: nothing proves what stood between the two')", replace: '', test: 'another chain after it' },
  { in: VERIFY, what: 'a log that is not whole is', file: 'countersign/src/audit-verify.ts', find: 'if (whole) fault(at, where)\n        else notes', replace: 'notes', test: 'a log that is not whole' },
  { in: VERIFY, what: 'a log may be cut and continued', file: 'countersign/src/audit-verify.ts', find: '&& !isAfterClosed && first', replace: '&& false && first', test: 'an end cut off, and the log continued' },
  { in: VERIFY, what: 'a log that is open is closed', file: 'countersign/src/audit-verify.ts', find: 'if (closed) fault(lastAt, open)\n        else if', replace: 'if', test: 'a log that is not closed' },
  { in: VERIFY, what: 'the writer is not heard', file: 'countersign/src/audit-verify.ts', find: "if (link.says.reason === 'audit.changed')", replace: 'if (false)', test: 'what the writer found itself' },
  { in: VERIFY, what: 'half a line at the end is nothing', file: 'countersign/src/audit-verify.ts', find: '      settle(undefined)\n', replace: '', test: 'half a line at the end' },
  { in: VERIFY, what: 'an empty log is right', file: 'countersign/src/audit-verify.ts', find: 'if (lines === 0) fault(', replace: 'if (false) fault(', test: 'no line at all' },
]

// biome-ignore format: a table
export const factMutants: readonly PackageMutant[] = [
  { in: FACTS, what: 'traces of version ff', file: 'http/src/request-facts.ts', find: '(?!ff)', replace: '', test: 'stands there of version ff' },
  { in: FACTS, what: 'traces of zeros', file: 'http/src/request-facts.ts', find: '(?!0{32})', replace: '', test: 'stands there of zeros' },
  { in: FACTS, what: 'spans of zeros', file: 'http/src/request-facts.ts', find: '(?!0{16})', replace: '', test: 'with a span of zeros' },
  { in: FACTS, what: 'traces that go on', file: 'http/src/request-facts.ts', find: "version === '00' && rest !== undefined", replace: 'false', test: 'that goes on, in version 00' },
  { in: FACTS, what: 'the first of two traces', file: 'http/src/request-facts.ts', find: ' || more.length > 0', replace: '', test: 'stands there twice' },
  { in: FACTS, what: 'ids of any length', file: 'http/src/request-facts.ts', find: '{1,64}$/.test(id)', replace: '+$/.test(id)', test: 'an id that is too long' },
  { in: FACTS, what: 'ids of two lines', file: 'http/src/request-facts.ts', find: '/^[\\w.:@+/=-]{1,64}$/', replace: '/^[^]{1,64}$/', test: 'an id that is two lines' },
  { in: FACTS, what: 'one id twice', file: 'http/src/request-facts.ts', find: ' && clientRequestId !== requestId', replace: '', test: 'name an id once' },
  { in: FACTS, what: 'queries are told', file: 'http/src/request-facts.ts', find: 'printable(pathOf(request))', replace: "printable(message.url ?? '')", test: 'its path without the query' },
  { in: FACTS, what: 'a path breaks lines', file: 'http/src/request-facts.ts', find: '    .replace(/[^\\x21-\\x7e]/gu, (character) => encodeURIComponent(character))\n', replace: '', test: 'a path can break no line' },
  { in: FACTS, what: 'paths of any length', file: 'http/src/request-facts.ts', find: '    .slice(0, 200)\n', replace: '', test: 'a path can break no line' },
]
