// F02 once more, nearer: calls to a store that answers nothing are bounded in number and in time.
import { proxy } from '../../packages/store/test/proxy.ts'
import { type Fault, must } from './fault.ts'
import { emptyStore, lacks } from './stores.ts'
import { worker } from './workers.ts'

const PENDING = 20
const CALLS = 400
/** Milliseconds: at once, on a busy machine; and what a call to the store may take. */
const AT_ONCE = 100
const BOUND = 300

interface Read {
  readonly said: string
  readonly took: number
}

function bounded(engine: string): Fault {
  return {
    id: 'F02',
    on: `a process, ${engine}, ${PENDING} pending`,
    missing: lacks(engine),
    done: `${CALLS} calls at once while nothing goes through to the store, and ${CALLS} more after those`,
    holds: `${PENDING} wait, for 300 ms at most; the others are Unavailable at once; none of the second lot waits`,
    guards: [
      {
        what: 'so many calls are under way and no more',
        changes: [{ file: 'store/src/guard.ts', find: 'if (underWay >= pending)', replace: 'if (false)' }],
        bites: 'calls waited',
      },
      {
        what: 'a store that is down is left alone',
        changes: [{ file: 'store/src/guard.ts', find: 'if (failures >= FAILURES &&', replace: 'if (false &&' }],
        bites: 'of the second lot waited',
      },
    ],
    async run(changes, scope) {
      const url = new URL(await emptyStore(engine, scope))
      const between = await proxy(Number(url.port), url.hostname)
      scope.defer(() => between.close())
      url.hostname = '127.0.0.1'
      url.port = `${between.port}`
      const one = await worker({ address: url.href, store: { pending: PENDING } }, changes, scope)
      const read = async (times: number): Promise<readonly Read[]> => (await one.call('readMany', times)).value
      const before = await read(1)
      must(before[0]?.said === 'ok', `before, a call was ${before[0]?.said}`)
      between.blackHole()
      const [first, second] = [await read(CALLS), await read(CALLS)]
      const odd = [...first, ...second].filter(({ said }) => said !== 'unavailable')
      must(odd.length === 0, `${odd.length} calls were ${odd[0]?.said}`)
      const waited = first.filter(({ took }) => took > AT_ONCE)
      must(waited.length <= PENDING, `${waited.length} calls waited`)
      const again = second.filter(({ took }) => took > AT_ONCE)
      must(again.length === 0, `${again.length} of the second lot waited`)
      const longest = Math.max(...first.map(({ took }) => took))
      must(longest <= BOUND + AT_ONCE, `a call took ${Math.round(longest)} ms`)
      return `${waited.length} of ${CALLS} waited, the longest ${Math.round(longest)} ms; of the second lot none`
    },
  }
}

export const blackHoles: readonly Fault[] = [bounded('Redis'), bounded('PostgreSQL')]
