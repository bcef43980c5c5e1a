/** Requests that wait. Whoever finds no room never waits. */
export interface WaitingRoom {
  /**
   * Resolves after so many milliseconds to `true`, go on. Where the room of that user is full, the one with most
   * tries (failed, or refused) gives way to one with less: `false`, refused. `undefined` at once: there is no place for this one.
   */
  wait(user: string, milliseconds: number, tries: number): Promise<boolean | undefined>
}

interface Waiter {
  readonly tries: number
  leave(goesOn: boolean): void
}

/** `places` for each user, `placesInAll` for all of them. */
export function waitingRoom(places: number, placesInAll: number): WaitingRoom {
  const rooms = new Map<string, Set<Waiter>>()
  let waiting = 0

  return {
    wait(user, milliseconds, tries) {
      const room = rooms.get(user) ?? new Set<Waiter>()
      if (room.size >= places || waiting >= placesInAll) {
        let most: Waiter | undefined
        for (const one of room) if (most === undefined || one.tries > most.tries) most = one
        // Whoever tried as often has waited longer, and stays.
        if (most === undefined || tries >= most.tries) return Promise.resolve(undefined)
        most.leave(false)
      }
      rooms.set(user, room)
      waiting++
      return new Promise((resolve) => {
        const waiter: Waiter = {
          tries,
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
