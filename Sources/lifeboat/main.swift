import Commands
import Glibc

let status = await Program.run(Array(CommandLine.arguments.dropFirst()))
// Other threads may still be letting go of connections. `exit` would run what libraries registered for the end, OpenSSL's
// among it, which frees under their hands what they use: a run that had done everything then ended with a crash.
fflush(nil)
_exit(status)
