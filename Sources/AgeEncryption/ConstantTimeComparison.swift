/// Whether two byte strings are equal, in a time that tells nothing about where they differ.
package func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.withUnsafeBytes { left in right.withUnsafeBytes { right in equalInConstantTime(left, right) } }
}
