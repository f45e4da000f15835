#pragma once
// libexiv2's interface is C++: nothing of it is for Swift. Exiv2Bridge includes it; this module links it.
