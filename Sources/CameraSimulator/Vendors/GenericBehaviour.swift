/// The standard and nothing else: events come by the event connection.
struct GenericBehaviour: VendorBehaviour {
  let extensionID: UInt32 = 0
}
