import FuzzTargets
import Glibc

/// The target that `LIFEBOAT_FUZZ_TARGET` names.
private let target: FuzzTarget = {
    let name = getenv("LIFEBOAT_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = try? FuzzTarget.all().first(where: { $0.name == name }) else {
        fatalError("there is no target '\(name)'")
    }
    return target
}()

/// libFuzzer's entry: a crash, and a property that does not hold, end the process.
@c(LLVMFuzzerTestOneInput)
package func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    do {
        try target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        fatalError("\(target.name): \(error)")
    }
    return 0
}

/// Lists the targets when none is named; writes a target's valid inputs and words into the folder `LIFEBOAT_FUZZ_SEEDS`.
@c(LLVMFuzzerInitialize)
package func initialize(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer) -> CInt {
    if getenv("LIFEBOAT_FUZZ_TARGET") == nil {
        for target in (try? FuzzTarget.all()) ?? [] { puts(target.name) }
        exit(0)
    }
    guard let folder = getenv("LIFEBOAT_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
    for (number, seed) in target.seeds.enumerated() {
        guard let file = fopen("\(folder)/seed-\(number)", "w") else { fatalError("cannot write into '\(folder)'") }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
    let words = target.words.map { word in
        "\"" + word.utf8.map { "\\x" + String($0, radix: 16).leftPadded }.joined() + "\"\n"
    }
    guard let file = fopen("\(folder)/../words-\(target.name)", "w") else { fatalError("cannot write the dictionary") }
    fputs(words.joined(), file)
    fclose(file)
    return 0
}

extension String {
    /// Two digits.
    fileprivate var leftPadded: String { count < 2 ? "0" + self : self }
}
