// Holds a lock on a file that is no store yet, for half a second after it said so. Usage: holder.ts FILE
import { DatabaseSync } from 'node:sqlite'

const database = new DatabaseSync(process.argv[2]!)
database.exec('CREATE TABLE other (a); BEGIN EXCLUSIVE')
process.send!('holding')
setTimeout(() => {
  database.exec('COMMIT')
  database.close()
  process.disconnect()
}, 500)
