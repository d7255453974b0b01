// Personal data that has a form: where there are check digits they are checked, so that nearly every
// number that is found is one. Names and streets have no form, and are not found.
//
// One pass over the text.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/detectors/text_range.h"

namespace policy {

// Bits.
enum PersonalKind : std::uint8_t {
  kEmail = 1,
  // International (`+49 30 123456`), and of North America with marks between (`(212) 555-0100`).
  kPhone = 2,
  kCard = 4,         // by issuer, length and check digit
  kBankAccount = 8,  // IBAN, by its check digits
  kNationalId = 16,  // social security numbers of the USA
  kIpAddress = 32,
  kAllPersonalKinds = 63,
};

// Appends where they are.
void FindPersonalData(std::string_view text, std::uint8_t kinds, TextRanges& found);

}  // namespace policy
