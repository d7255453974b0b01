// What an older server is told that the callers can do who share a session with it: what it may ask
// them (sampling, elicitation, roots), and the extensions that it may know.
//
// In one spelling and without all else, so that callers who mean the same share one session, and
// nobody opens one for each word that can be written into a capability.
#pragma once

#include <string>
#include <string_view>

namespace gateway {

// Of raw capabilities; empty: none of these, or no object, or one longer than anybody's.
std::string SharedCapabilities(std::string_view raw_capabilities);

}  // namespace gateway
