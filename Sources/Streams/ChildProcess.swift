import Diagnostics
import Glibc

/// A program that we started and that we end and reap.
///
/// Nothing is inherited by accident: the environment is exactly what the launch names, descriptors other than the three
/// standard ones are closed, signals are back at their defaults, and there is never a shell in between. The object belongs
/// to one thread; dropping it kills a child that still runs, so that no process and no zombie outlives its owner.
package final class ChildProcess {
    /// How a child ended.
    package enum Ending: Sendable, Equatable {
        case exited(status: Int32)
        case killed(signal: Int32)

        package var isSuccess: Bool { self == .exited(status: 0) }
    }

    /// One step of an ending: a signal, and how long to wait for its effect.
    package struct EndingStep: Sendable {
        package var signal: ChildSignal
        package var patience: Duration

        /// Creates a step.
        package init(_ signal: ChildSignal, waiting patience: Duration) {
            self.signal = signal
            self.patience = patience
        }
    }

    /// The process as the kernel knows it.
    package let processID: Int32
    private var ending: Ending?

    /// Starts a child whose output goes to files or nowhere, and returns at once.
    ///
    /// Throws `Diagnostic`.
    package init(
        starting launch: ChildLaunch,
        standardOutput: ChildLaunch.File = .nowhere,
        standardError: ChildLaunch.File = .nowhere
    ) throws {
        let descriptors = try launch.openStandardFiles(output: standardOutput, error: standardError)
        defer { descriptors.close() }
        processID = try launch.spawn(descriptors)
    }

    init(adopting processID: Int32) {
        self.processID = processID
    }

    deinit {
        guard ending == nil else { return }
        kill(processID, SIGKILL)
        var status: Int32 = 0
        while waitpid(processID, &status, 0) == -1, errno == EINTR {}
    }

    /// How the child ended, or nil while it runs; never blocks.
    package func endingIfOver() -> Ending? { reap(WNOHANG) }

    /// Blocks until the child ends.
    package func wait() -> Ending {
        while true { if let ending = reap(0) { return ending } }
    }

    /// Blocks until the child ends or the patience does; nil then.
    package func wait(atMost patience: Duration) -> Ending? {
        let deadline = ContinuousClock.now + patience
        var pause: UInt32 = 500
        while ContinuousClock.now < deadline {
            if let ending = endingIfOver() { return ending }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
        return endingIfOver()
    }

    /// Sends a signal, unless the child has ended.
    package func send(_ signal: ChildSignal) {
        guard endingIfOver() == nil else { return }
        kill(processID, signal.number)
    }

    /// Ends the child: each step's signal, then its patience, and at last SIGKILL.
    ///
    /// Blocks until the child is reaped.
    @discardableResult
    package func end(
        _ steps: [EndingStep] = [EndingStep(.terminate, waiting: .seconds(5))]
    ) -> Ending {
        for step in steps {
            send(step.signal)
            if let ending = wait(atMost: step.patience) { return ending }
        }
        send(.kill)
        return wait()
    }

    private func reap(_ options: Int32) -> Ending? {
        if let ending { return ending }
        var status: Int32 = 0
        let reaped = waitpid(processID, &status, options)
        // Somebody else reaping our child is a programming error; ECHILD must still not make us wait for ever.
        if reaped == -1, errno == ECHILD { ending = .exited(status: -1) }
        if reaped == processID {
            let signal = status & 0x7f
            ending = signal == 0 ? .exited(status: (status >> 8) & 0xff) : .killed(signal: signal)
        }
        return ending
    }
}

/// The signals that children are sent.
package enum ChildSignal: String, Sendable {
    case interrupt = "INT"
    case quit = "QUIT"
    case terminate = "TERM"
    case kill = "KILL"

    var number: Int32 {
        switch self {
        case .interrupt: SIGINT
        case .quit: SIGQUIT
        case .terminate: SIGTERM
        case .kill: SIGKILL
        }
    }
}

// MARK: Running to the end

extension ChildProcess {
    /// What a finished child left behind.
    package struct Outcome: Sendable {
        package let ending: Ending
        /// At most the limit given; what came after it was thrown away.
        package let standardOutput: [UInt8]
        /// Likewise.
        package let standardError: [UInt8]

        /// Standard error as text, or standard output where that is empty: the cause to quote.
        package var message: String {
            String(decoding: standardError.isEmpty ? standardOutput : standardError, as: UTF8.self)
        }
    }

    /// Runs a child to its end on the calling thread and captures up to `limit` bytes of each of its outputs.
    ///
    /// `input` is its standard input, at most a mebibyte. A requested `stop` ends the child and throws `Stopped`. Throws `Diagnostic` when it
    /// cannot be started; a child that fails is an outcome, not an error. With `output`, standard output goes there
    /// piece by piece instead, on this thread; the sink is not finished.
    package static func run(
        _ launch: ChildLaunch,
        input: [UInt8] = [],
        limit: Int = 1 << 20,
        output: (any ByteSink)? = nil,
        stop: Stop? = nil
    ) throws -> Outcome {
        let outputPipe = try Pipe()
        let errorPipe = try Pipe()
        let inputPipe = try Pipe(holding: input)
        let files = StandardFiles(
            input: inputPipe.readEnd,
            output: outputPipe.writeEnd,
            error: errorPipe.writeEnd
        )
        let child = ChildProcess(adopting: try launch.spawn(files))
        inputPipe.closeReadEnd()
        outputPipe.closeWriteEnd()
        errorPipe.closeWriteEnd()
        var captured = CapturedOutput(limit: limit, sink: output)
        try captured.read(outputPipe, errorPipe, of: child, stop: stop)
        // A child may close its outputs and go on.
        while child.wait(atMost: .milliseconds(50)) == nil {
            if let stop, stop.isRequested {
                child.end()
                throw Stopped()
            }
        }
        return Outcome(ending: child.wait(), standardOutput: captured.output, standardError: captured.error)
    }
}
