import Diagnostics
import Glibc

/// A pipe whose ends are closed when it goes, or earlier.
final class Pipe {
    private(set) var readEnd: Int32
    private(set) var writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw Diagnostic(.resourceExhausted, "cannot create a pipe", cause: String(cString: strerror(errno)))
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    /// A pipe that already holds all of `input`, and whose writing end is closed.
    ///
    /// A child that does not read it can then neither block us nor end us with SIGPIPE. Linux lets everybody have a
    /// mebibyte; more is refused.
    convenience init(holding input: [UInt8]) throws {
        try self.init()
        let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ, which Glibc hides without _GNU_SOURCE.
        _ = fcntl(writeEnd, F_SETFL, O_NONBLOCK)
        guard input.count <= 64 << 10 || fcntl(writeEnd, setPipeSize, Int32(clamping: input.count)) >= input.count,
            write(writeEnd, input, input.count) == input.count
        else {
            throw Diagnostic(.resourceExhausted, "cannot hold \(input.count) bytes of input for a program")
        }
        closeWriteEnd()
    }

    deinit {
        closeReadEnd()
        closeWriteEnd()
    }

    func closeReadEnd() {
        if readEnd >= 0 { close(readEnd) }
        readEnd = -1
    }

    func closeWriteEnd() {
        if writeEnd >= 0 { close(writeEnd) }
        writeEnd = -1
    }
}

/// What a child says, read until it has ended.
struct CapturedOutput {
    private(set) var output: [UInt8] = []
    private(set) var error: [UInt8] = []
    private let limit: Int
    private let sink: (any ByteSink)?

    init(limit: Int, sink: (any ByteSink)?) {
        self.limit = limit
        self.sink = sink
    }

    /// Reads both pipes until they end, or until the child has ended and what it wrote is read: a grandchild that keeps
    /// a pipe open does not hold us.
    mutating func read(_ outputPipe: Pipe, _ errorPipe: Pipe, of child: ChildProcess, stop: Stop?) throws {
        for pipe in [outputPipe, errorPipe] { _ = fcntl(pipe.readEnd, F_SETFL, O_NONBLOCK) }
        let buffer = IOBuffer(capacity: 64 << 10)
        var isOutputOpen = true
        var isErrorOpen = true
        while isOutputOpen || isErrorOpen {
            if let stop, stop.isRequested {
                child.end()
                throw Stopped()
            }
            let isOver = child.endingIfOver() != nil
            var waiting = [
                pollfd(fd: isOutputOpen ? outputPipe.readEnd : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isErrorOpen ? errorPipe.readEnd : -1, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&waiting, 2, isOver ? 0 : 50)
            if ready == 0, isOver { return }
            guard ready > 0 else { continue }
            if waiting[0].revents != 0 {
                isOutputOpen = try drain(outputPipe, buffer) { limited, bytes in try limited.takeOutput(bytes) }
            }
            if waiting[1].revents != 0 {
                isErrorOpen = try drain(errorPipe, buffer) { limited, bytes in limited.takeError(bytes) }
            }
        }
    }

    /// Reads once; false at the end of the pipe.
    private mutating func drain(
        _ pipe: Pipe,
        _ buffer: borrowing IOBuffer,
        take: (inout CapturedOutput, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        let count = Glibc.read(pipe.readEnd, buffer.storage.baseAddress, buffer.storage.count)
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        if count > 0 { try take(&self, buffer.prefix(count)) }
        return count > 0
    }

    private mutating func takeOutput(_ bytes: UnsafeRawBufferPointer) throws {
        guard let sink else { return output.append(contentsOf: bytes.prefix(limit - output.count)) }
        try sink.write(bytes.bytes)
    }

    private mutating func takeError(_ bytes: UnsafeRawBufferPointer) {
        error.append(contentsOf: bytes.prefix(limit - error.count))
    }
}
