import AgeEncryption
import CommandLineKit
import Diagnostics
import Dispatch
import Glibc
import Model
import Settings
import Streams
import Terminal

/// One run of the program, from the command line to the exit status.
package enum Program {
    /// Parses `arguments` (without the program's name), runs the command, reports what went wrong, returns the status.
    package static func run(_ arguments: [String]) async -> Int32 {
        let status = await answer(arguments)
        guard let loss = TextStream.standardOutput.loss else { return status }
        let console = Console(environment: currentEnvironment())
        console.report(
            Diagnostic(
                .fileAccess,
                "the answer could not be written",
                cause: "standard output: " + String(cString: strerror(loss)).lowercased(),
                hint: "What was written of it is not whole: make room, or write it elsewhere, and ask again."
            )
        )
        return status == ExitStatus.done.rawValue ? ExitStatus.failed.rawValue : status
    }

    private static func answer(_ arguments: [String]) async -> Int32 {
        openStandardStreams()
        MemorySettings.apply()
        CoreFiles.forbid()
        let environment = currentEnvironment()
        let stop = Stop()
        let signals = InterruptSignals(stop: stop)
        defer { signals.cancel() }
        let context = CommandContext(
            environment: environment,
            workingFolder: workingFolder(),
            host: hostName(),
            stop: stop,
            now: { Instant.now }
        )
        let console = Console(environment: environment)
        do throws(UsageError) {
            switch try CommandTree<CommandContext>.lifeboat.parse(arguments) {
            case .help(let page): console.answer(text: page)
            case .version: console.answer(StyledText(Tool.full))
            case .run(let command, _): return await run(command, in: context)
            }
            return ExitStatus.done.rawValue
        } catch {
            console.report(
                Diagnostic(
                    .usage,
                    redacted(error.message),
                    cause: redacted(error.cause),
                    hint: error.hint.map(redacted)
                )
            )
            return ExitStatus.usage.rawValue
        }
    }

    private static func run(_ command: any Command<CommandContext>, in context: CommandContext) async -> Int32 {
        do {
            try await command.run(in: context)
            return ExitStatus.done.rawValue
        } catch let outcome as CommandOutcome {
            return outcome.status.rawValue
        } catch let errors as SettingsErrors {
            let output = (command as? any LifeboatCommand)?.output ?? OutputOptions()
            let console = context.console(output)
            for error in errors.diagnostics { console.report(error, as: output.format, verbose: output.verbose) }
            return (errors.diagnostics.first?.code ?? .settingsInvalid).exitStatus.rawValue
        } catch {
            let output = (command as? any LifeboatCommand)?.output ?? OutputOptions()
            let diagnostic = diagnostic(for: error)
            context.console(output).report(diagnostic, as: output.format, verbose: output.verbose)
            return diagnostic.code.exitStatus.rawValue
        }
    }

    /// Opens what was closed, for nothing: the next file that is opened would be taken for standard output.
    private static func openStandardStreams() {
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
    }

    private static func currentEnvironment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { result[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return result
    }

    private static func workingFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    private static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A command that said what there is to say and ends with a status of its own.
struct CommandOutcome: Error {
    let status: ExitStatus
}

/// Ctrl-C and termination: the first asks for an orderly end, the second ends at once.
private final class InterruptSignals {
    private let sources: [any DispatchSourceSignal]

    init(stop: Stop) {
        // A reader that went away is an error of the write, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
        // So is a file that grew over its limit.
        signal(SIGXFSZ, SIG_IGN)
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if stop.isRequested { _exit(ExitStatus.interrupted.rawValue) }
                startDedicatedThread { stop.request() }
            }
            source.resume()
            return source
        }
    }

    func cancel() { for source in sources { source.cancel() } }
}
