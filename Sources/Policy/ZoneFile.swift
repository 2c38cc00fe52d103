import Model

extension TimeZoneRules {
    /// Reads a compiled zone file (TZif, RFC 8536, version 2 or later).
    ///
    /// Every length is checked; a file that is cut short or inconsistent is refused, never misread.
    package init(name: String, tzif bytes: [UInt8]) throws(TimeZoneError) {
        var reader = ZoneFileReader(bytes: bytes, name: name)
        let first = try reader.header()
        guard first.version >= 2 else {
            throw TimeZoneError("the file of time zone '\(name)' is of version 1; version 2 or later is needed")
        }
        try reader.skip(first.bodyLength(timeSize: 4))
        let header = try reader.header()
        guard header.leapSeconds == 0 else {
            throw TimeZoneError("the file of time zone '\(name)' counts leap seconds, which no schedule here does")
        }
        let times = try reader.transitionTimes(header.transitions)
        let kinds = try reader.take(header.transitions)
        let offsets = try reader.offsets(header.kinds)
        try reader.skip(header.abbreviationBytes + header.standardFlags + header.utcFlags)
        guard let initial = offsets.first, kinds.allSatisfy({ Int($0) < offsets.count }) else { throw reader.damaged }
        var before = initial
        var transitions: [Transition] = []
        for (time, kind) in zip(times, kinds) {
            let after = offsets[Int(kind)]
            if after != before { transitions.append(Transition(at: time, before: before, after: after)) }
            before = after
        }
        let rule = try reader.footer().map { text throws(TimeZoneError) in try RecurringOffsetText.parse(text) }
        self.init(
            name: name,
            initialOffset: initial,
            transitions: transitions,
            footer: rule,
            footerFrom: times.last ?? .min
        )
    }

    /// Loads a zone by its name; `read` is given the name, relative to the zone database, and answers with the bytes.
    ///
    /// `UTC` needs no file. Names that could leave the database's folder never reach `read`.
    package static func load<Failure: Error>(
        _ name: String,
        read: (String) throws(Failure) -> [UInt8]
    ) throws -> TimeZoneRules {
        if name == "UTC" { return .utc }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_+-".contains($0)) }
        }
        guard isPlain else {
            throw TimeZoneError("'\(name)' is not a time zone; write for example Europe/Lisbon or UTC")
        }
        return try TimeZoneRules(name: name, tzif: read(name))
    }
}

/// Reads the parts of a TZif file in order.
private struct ZoneFileReader {
    struct Header {
        var version: Int
        var utcFlags: Int
        var standardFlags: Int
        var leapSeconds: Int
        var transitions: Int
        var kinds: Int
        var abbreviationBytes: Int

        func bodyLength(timeSize: Int) -> Int {
            transitions * (timeSize + 1) + kinds * 6 + abbreviationBytes + leapSeconds * (timeSize + 4) + standardFlags
                + utcFlags
        }
    }

    let bytes: [UInt8]
    let name: String
    var position = 0

    init(bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
    }

    var damaged: TimeZoneError { TimeZoneError("the file of time zone '\(name)' is damaged") }

    mutating func take(_ count: Int) throws(TimeZoneError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else { throw damaged }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func skip(_ count: Int) throws(TimeZoneError) { _ = try take(count) }

    private mutating func bigEndian(_ size: Int) throws(TimeZoneError) -> UInt64 {
        try take(size).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func header() throws(TimeZoneError) -> Header {
        guard try take(4).elementsEqual([0x54, 0x5A, 0x69, 0x66]) else {
            throw TimeZoneError("the file of time zone '\(name)' is not a compiled zone file")
        }
        let version = try take(1).first.map { $0 == 0 ? 1 : Int($0) - 0x30 } ?? 0
        try skip(15)
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(Int(try bigEndian(4))) }
        return Header(
            version: version,
            utcFlags: counts[0],
            standardFlags: counts[1],
            leapSeconds: counts[2],
            transitions: counts[3],
            kinds: counts[4],
            abbreviationBytes: counts[5]
        )
    }

    mutating func transitionTimes(_ count: Int) throws(TimeZoneError) -> [Int64] {
        var times: [Int64] = []
        for _ in 0..<count {
            let time = Int64(bitPattern: try bigEndian(8))
            guard times.last.map({ $0 < time }) ?? true else { throw damaged }
            times.append(time)
        }
        return times
    }

    mutating func offsets(_ count: Int) throws(TimeZoneError) -> [Int64] {
        var offsets: [Int64] = []
        for _ in 0..<count {
            let offset = Int32(bitPattern: UInt32(try bigEndian(4)))
            guard abs(Int64(offset)) < 26 * 3600 else { throw damaged }
            offsets.append(Int64(offset))
            try skip(2)
        }
        return offsets
    }

    /// The text between the last two newlines; nil when it is empty.
    mutating func footer() throws(TimeZoneError) -> String? {
        guard try take(1).first == 0x0A, let end = bytes[position...].firstIndex(of: 0x0A) else { throw damaged }
        let text = try take(end - position)
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }
}
