/** Requests that wait. Whoever finds no room never waits. */
export interface WaitingRoom {
  /**
   * Resolves after so many milliseconds to `true`, go on. Where the room of that user is full, the one whose address failed
   * most for that user gives way: `false`, refused. One whose address never failed is not refused: it goes on at once.
   */
  wait(user: string, milliseconds: number, failures: number): Promise<boolean>
}

interface Waiter {
  readonly failures: number
  leave(goesOn: boolean): void
}

/** `places` for each user, `placesInAll` for all of them. */
export function waitingRoom(places: number, placesInAll: number): WaitingRoom {
  const rooms = new Map<string, Set<Waiter>>()
  let waiting = 0

  return {
    wait(user, milliseconds, failures) {
      if (waiting >= placesInAll) return Promise.resolve(failures === 0)
      const room = rooms.get(user) ?? new Set<Waiter>()
      if (room.size >= places) {
        let most: Waiter | undefined
        for (const one of room) if (most === undefined || one.failures > most.failures) most = one
        if (most === undefined || failures > most.failures) return Promise.resolve(failures === 0)
        most.leave(most.failures === 0) // the oldest of those that failed most
      }
      rooms.set(user, room)
      waiting++
      return new Promise((resolve) => {
        const waiter: Waiter = {
          failures,
          leave(goesOn) {
            clearTimeout(timer)
            waiting--
            room.delete(waiter)
            if (room.size === 0 && rooms.get(user) === room) rooms.delete(user)
            resolve(goesOn)
          },
        }
        const timer = setTimeout(() => waiter.leave(true), milliseconds)
        timer.unref()
        room.add(waiter)
      })
    },
  }
}
