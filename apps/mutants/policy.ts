// What a policy asks beside who calls: each guard of it taken out; the test that it names must fail, and does not without.
import type { PackageMutant } from './package-mutants.ts'

const CONDITIONS = 'src/condition.test.ts'

// biome-ignore format: a table
export const conditionMutants: readonly PackageMutant[] = [
  { in: CONDITIONS, what: 'after is never asked', file: 'policy/src/condition.ts', find: 'if (!condition[phase]) return next(sofar)', replace: "if (phase === 'after' || !condition[phase]) return next(sofar)", test: 'are asked before a credential is verified' },
  { in: CONDITIONS, what: 'after is never asked on a public route', file: 'policy/src/public-route.ts', find: "sofar.error ? sofar : ask(conditions, 'after', request, undefined, trace, sofar)", replace: 'sofar', test: 'refuses by them, and tells who listens' },
  { in: CONDITIONS, what: 'a refusal is not heard', file: 'policy/src/condition.ts', find: '      return { ...sofar, error: one }\n', replace: '      return next(sofar)\n', test: 'that refuse before stop it' },
  { in: CONDITIONS, what: 'a refusal before does not stop it', file: 'policy/src/policy.ts', find: 'if (before.error) return { proof: ABSENT, ...before }\n', replace: '', test: 'that refuse before stop it' },
  { in: CONDITIONS, what: 'the rule is judged first', file: 'policy/src/policy.ts', find: 'ran.error ? ran : andThen(allowed(proof, trace), (judged) => ({ ...ran, ...judged })),', replace: 'andThen(allowed(proof, trace), (judged) => ({ ...judged, ...ran })),', test: 'do so before the rule is judged' },
  { in: CONDITIONS, what: 'the rule is not judged', file: 'policy/src/policy.ts', find: 'ran.error ? ran : andThen(allowed(proof, trace), (judged) => ({ ...ran, ...judged })),', replace: 'ran,', test: 'headers of several stand on the answer' },
  { in: CONDITIONS, what: 'after is asked for a wrong credential', file: 'policy/src/policy.ts', find: "if (proof.kind === 'invalid' && mode !== 'attempt') return", replace: "if (proof.kind === 'invalid' && mode !== 'attempt' && !then) return", test: 'without asking what comes after' },
  { in: CONDITIONS, what: 'explain counts', file: 'policy/src/condition.ts', find: 'const asking = trace ? DRY : WET', replace: 'const asking = WET', test: 'explain asks them dry' },
  { in: CONDITIONS, what: 'nothing counts', file: 'policy/src/condition.ts', find: 'const asking = trace ? DRY : WET', replace: 'const asking = DRY', test: 'explain asks them dry' },
  { in: CONDITIONS, what: 'headers are lost on a refusal', file: 'policy/src/policy.ts', find: 'return withHeaders(refusal ?? refuse(error, scheme), extra)', replace: 'return refusal ?? refuse(error, scheme)', test: 'headers of several stand on the answer' },
  { in: CONDITIONS, what: 'headers of before are lost', file: 'policy/src/policy.ts', find: 'before.headers ? { ...later', replace: 'false ? { ...later', test: 'keep the headers of those before' },
  { in: CONDITIONS, what: 'headers are lost on a pass', file: 'policy/src/policy.ts', find: 'return { headers: merged(headers, extra) }', replace: 'return headers && { headers }', test: 'headers of several stand on the answer' },
  { in: CONDITIONS, what: 'headers of a public route are lost on a refusal', file: 'policy/src/public-route.ts', find: 'return withHeaders(refusal ?? refuse(error, undefined), headers)', replace: 'return refusal ?? refuse(error, undefined)', test: 'refuses with the headers of those that held' },
  { in: CONDITIONS, what: 'headers of a public route are lost on a pass', file: 'policy/src/public-route.ts', find: 'if (!error) return headers && { headers }', replace: 'if (!error) return undefined', test: 'passes with their headers' },
  { in: CONDITIONS, what: 'the last header alone', file: 'policy/src/condition.ts', find: 'known === undefined ? value : [known, value].flat()', replace: 'value', test: 'headers of several stand on the answer' },
  { in: CONDITIONS, what: 'an answer of their own is lost', file: 'policy/src/condition.ts', find: 'error: one.error, refusal: one }', replace: 'error: one.error }', test: 'may answer themselves' },
  { in: CONDITIONS, what: 'a policy passes when one is down', file: 'policy/src/policy.ts', find: 'if (isUnavailable(thrown)) return { proof: ABSENT, error: unavailableError(thrown) }', replace: 'if (isUnavailable(thrown)) return { proof: ABSENT }', test: 'who is down is 503' },
  { in: CONDITIONS, what: 'a public route passes when one is down', file: 'policy/src/public-route.ts', find: 'if (isUnavailable(thrown)) return { error: unavailableError(thrown) }', replace: 'if (isUnavailable(thrown)) return {}', test: 'is 503 where one is down at once' },
  { in: CONDITIONS, what: 'a public route passes when one goes down later', file: 'policy/src/public-route.ts', find: '          .catch(unavailable)\n', replace: '          .catch(() => ({}))\n', test: 'is 503 where one is down later' },
  { in: CONDITIONS, what: 'a bug on a public route passes', file: 'policy/src/public-route.ts', find: '  throw thrown\n', replace: '  return {}\n', test: 'rejects for a bug later' },
  { in: CONDITIONS, what: 'a refusal of a public route is not told', file: 'policy/src/public-route.ts', find: 'publish(typeOf(error), request, { policy: name, scheme: undefined, error })', replace: '', test: 'refuses by them, and tells who listens' },
  { in: CONDITIONS, what: 'conditions that are none', file: 'policy/src/condition.ts', find: ' || !(one.before || one.after))', replace: ')', test: 'where the policy is made: `before` or `after`' },
  { in: CONDITIONS, what: 'two of one name', file: 'policy/src/condition.ts', find: 'if (twice !== undefined)', replace: 'if (false)', test: 'where the policy is made: two conditions' },
]
