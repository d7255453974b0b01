#include "policy/expression/parser.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "base/manifest.h"
#include "base/rfc3339.h"
#include "policy/expression/lexer.h"
#include "policy/expression/typing.h"

namespace policy {
namespace {

constexpr std::size_t kMaxPatternBytes = 512;
constexpr std::int64_t kMaxPatternMemory = 1 << 20;
constexpr std::size_t kMaxShownName = 64;

// A part that was read.
struct Part {
  std::uint16_t node = 0;
  Type type = Type::kAny;
  std::size_t position = 0;
};

struct Method {
  std::string_view name;
  Op op;
  // Of the receiver, and of the argument (kNull: it takes none).
  Type receiver;
  Type argument;
  Type result;
};
constexpr Method kMethods[] = {
    {"startsWith", Op::kStartsWith, Type::kString, Type::kString, Type::kBool},
    {"endsWith", Op::kEndsWith, Type::kString, Type::kString, Type::kBool},
    {"contains", Op::kContains, Type::kString, Type::kString, Type::kBool},
    {"matches", Op::kMatches, Type::kString, Type::kString, Type::kBool},
    {"lower", Op::kLower, Type::kString, Type::kNull, Type::kString},
    {"size", Op::kSize, Type::kAny, Type::kNull, Type::kInt},
    {"getHours", Op::kHours, Type::kTime, Type::kNull, Type::kInt},
    {"getDayOfWeek", Op::kDayOfWeek, Type::kTime, Type::kNull, Type::kInt},
};
constexpr std::string_view kFunctions[] = {"has", "size", "string", "timestamp"};

std::string Shown(std::string_view name) {
  return "'" + std::string(name.substr(0, kMaxShownName)) + "'";
}

std::string Suggestion(std::string_view unknown, const std::vector<std::string>& known) {
  const std::string_view meant = base::DidYouMean(unknown.substr(0, kMaxShownName), known);
  return meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?";
}

class Parser {
 public:
  explicit Parser(std::string_view source) : lexer_(source) {}

  base::Result<Program> Run() {
    if (auto ok = Advance(); !ok) return ok.error();
    auto whole = Expression();
    if (!whole) return whole.error();
    if (token_.kind != Token::Kind::kEnd) return Unexpected("an operator or the end");
    program_.type = whole->type;
    return std::move(program_);
  }

 private:
  using Parsed = base::Result<Part>;

  base::Result<void> Advance() {
    auto next = lexer_.Next();
    if (!next) return next.error();
    token_ = std::move(*next);
    return {};
  }
  bool At(std::string_view mark) const {
    return token_.kind == Token::Kind::kMark && token_.mark == mark;
  }
  // `in` is spelled as a name.
  bool AtIn() const { return token_.kind == Token::Kind::kName && token_.mark == "in"; }

  base::Result<void> Expect(std::string_view mark) {
    if (!At(mark)) return Unexpected("'" + std::string(mark) + "'");
    return Advance();
  }

  base::Error Unexpected(const std::string& wanted) const {
    std::string found = "the end";
    switch (token_.kind) {
      case Token::Kind::kEnd: break;
      case Token::Kind::kString: found = "a string"; break;
      default: found = Shown(token_.mark);
    }
    return lexer_.FailAt(token_.position, "expected " + wanted + ", found " + found);
  }

  Parsed Add(Node node, Type type, std::size_t position) {
    if (program_.nodes.size() == Program::kMaxNodes) {
      return lexer_.FailAt(position,
                           "more than " + std::to_string(Program::kMaxNodes) + " operations");
    }
    program_.nodes.push_back(node);
    return Part{program_.root(), type, position};
  }
  std::uint16_t AddText(std::string text) {
    program_.texts.push_back(std::move(text));
    return static_cast<std::uint16_t>(program_.texts.size() - 1);
  }

  // Levels of nesting: brackets, unary operators, conditions.
  class Level {
   public:
    explicit Level(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }

   private:
    std::size_t& depth_;
  };
  base::Result<void> CheckDepth() const {
    if (depth_ <= Program::kMaxDepth) return {};
    return lexer_.FailAt(token_.position, "nested too deeply");
  }

  Parsed Expression() {
    const Level level(depth_);
    if (auto ok = CheckDepth(); !ok) return ok.error();
    Parsed condition = Or();
    if (!condition || !At("?")) return condition;
    if (!MayBe(condition->type, Type::kBool))
      return lexer_.FailAt(condition->position,
                           "before '?' stands a bool, not " + Name(condition->type));
    if (auto ok = Advance(); !ok) return ok.error();
    Parsed yes = Expression();
    if (!yes) return yes;
    if (auto ok = Expect(":"); !ok) return ok.error();
    Parsed no = Expression();
    if (!no) return no;
    Node node{.op = Op::kChoose, .a = condition->node, .b = yes->node, .c = no->node};
    return Add(node, yes->type == no->type ? yes->type : Type::kAny, condition->position);
  }

  Parsed Or() { return Chain(&Parser::And, "||", Op::kOr); }
  Parsed And() { return Chain(&Parser::Relation, "&&", Op::kAnd); }

  Parsed Chain(Parsed (Parser::*part)(), std::string_view mark, Op op) {
    Parsed left = (this->*part)();
    while (left && At(mark)) left = Binary(*left, op, mark, part);
    return left;
  }

  Parsed Relation() {
    Parsed left = Sum();
    if (!left) return left;
    if (AtIn()) return Binary(*left, Op::kIn, "in", &Parser::Sum);
    struct Mark {
      std::string_view text;
      Op op;
    };
    constexpr Mark kMarks[] = {{"==", Op::kEqual},  {"!=", Op::kNotEqual},
                               {"<", Op::kLess},    {"<=", Op::kLessEqual},
                               {">", Op::kGreater}, {">=", Op::kGreaterEqual}};
    for (const Mark& mark : kMarks) {
      if (At(mark.text)) return Binary(*left, mark.op, mark.text, &Parser::Sum);
    }
    return left;
  }

  Parsed Sum() {
    Parsed left = Product();
    while (left && (At("+") || At("-"))) {
      left = At("+") ? Binary(*left, Op::kAdd, "+", &Parser::Product)
                     : Binary(*left, Op::kSubtract, "-", &Parser::Product);
    }
    return left;
  }

  Parsed Product() {
    Parsed left = Unary();
    while (left && (At("*") || At("/") || At("%"))) {
      const Op op = At("*") ? Op::kMultiply : At("/") ? Op::kDivide : Op::kModulo;
      left = Binary(*left, op, token_.mark, &Parser::Unary);
    }
    return left;
  }

  Parsed Binary(const Part& left, Op op, std::string_view mark, Parsed (Parser::*part)()) {
    const std::size_t position = token_.position;
    if (auto ok = Advance(); !ok) return ok.error();
    Parsed right = (this->*part)();
    if (!right) return right;
    const auto type = ResultOf(op, left.type, right->type);
    if (!type) {
      return lexer_.FailAt(position, "'" + std::string(mark) + "' " + WantedBy(op) + ", not " +
                                         Name(left.type) + " and " + Name(right->type));
    }
    Node node{.op = op, .a = left.node, .b = right->node};
    return Add(node, *type, left.position);
  }

  Parsed Unary() {
    const Level level(depth_);
    if (auto ok = CheckDepth(); !ok) return ok.error();
    const std::size_t position = token_.position;
    if (At("!")) {
      if (auto ok = Advance(); !ok) return ok.error();
      Parsed operand = Unary();
      if (!operand) return operand;
      if (!MayBe(operand->type, Type::kBool))
        return lexer_.FailAt(position, "'!' turns a bool, not " + Name(operand->type));
      return Add(Node{.op = Op::kNot, .a = operand->node}, Type::kBool, position);
    }
    if (!At("-")) return Postfix();
    if (auto ok = Advance(); !ok) return ok.error();
    const bool number = token_.kind == Token::Kind::kInt || token_.kind == Token::Kind::kDouble;
    if (number) return Number(true, position);
    Parsed operand = Unary();
    if (!operand) return operand;
    if (!IsNumber(operand->type) && operand->type != Type::kAny)
      return lexer_.FailAt(position, "'-' turns a number, not " + Name(operand->type));
    return Add(Node{.op = Op::kNegate, .a = operand->node}, operand->type, position);
  }

  Parsed Number(bool negative, std::size_t position) {
    const std::string digits = (negative ? "-" : "") + std::string(token_.mark);
    const char* const end = digits.data() + digits.size();
    Node node;
    Type type = Type::kInt;
    if (token_.kind == Token::Kind::kInt) {
      node.op = Op::kInt;
      if (std::from_chars(digits.data(), end, node.integer).ec != std::errc())
        return lexer_.FailAt(position, "an int has at most 64 bits; write 1.0e30 for more");
    } else {
      node.op = Op::kDouble;
      type = Type::kDouble;
      if (std::from_chars(digits.data(), end, node.real).ec != std::errc())
        return lexer_.FailAt(position, "a number beyond what a double holds");
    }
    if (auto ok = Advance(); !ok) return ok.error();
    return Add(node, type, position);
  }

  Parsed Postfix() {
    Parsed value = Primary();
    while (value && (At(".") || At("["))) value = At(".") ? Dot(*value) : Index(*value);
    return value;
  }

  Parsed Dot(const Part& of) {
    if (auto ok = Advance(); !ok) return ok.error();
    if (token_.kind != Token::Kind::kName) return Unexpected("a name behind '.'");
    const Token name = token_;
    if (auto ok = Advance(); !ok) return ok.error();
    if (At("(")) return CallMethod(of, name);
    if (of.type == Type::kHeaders)
      return lexer_.FailAt(name.position,
                           "a header is named in brackets: request.headers['x-debug']");
    if (!MayBe(of.type, Type::kMap))
      return lexer_.FailAt(name.position, Name(of.type) + " has no members");
    return Add(Node{.op = Op::kMember, .a = of.node, .text = AddText(std::string(name.mark))},
               Type::kAny, of.position);
  }

  Parsed Index(const Part& of) {
    if (auto ok = Advance(); !ok) return ok.error();
    const std::size_t position = token_.position;
    Parsed index = Expression();
    if (!index) return index;
    if (auto ok = Expect("]"); !ok) return ok.error();
    const bool fits = (MayBe(of.type, Type::kList) && MayBe(index->type, Type::kInt)) ||
                      ((MayBe(of.type, Type::kMap) || of.type == Type::kHeaders) &&
                       MayBe(index->type, Type::kString));
    if (!fits)
      return lexer_.FailAt(position, Name(of.type) + " cannot be indexed by " + Name(index->type));
    return Add(Node{.op = Op::kIndex, .a = of.node, .b = index->node},
               of.type == Type::kHeaders ? Type::kString : Type::kAny, of.position);
  }

  Parsed CallMethod(const Part& of, const Token& name) {
    const Method* method = nullptr;
    std::vector<std::string> names;
    for (const Method& candidate : kMethods) {
      names.emplace_back(candidate.name);
      if (candidate.name == name.mark) method = &candidate;
    }
    if (!method) {
      return lexer_.FailAt(name.position,
                           "unknown function " + Shown(name.mark) + Suggestion(name.mark, names));
    }
    const bool fits = method->op == Op::kSize ? HasSize(of.type) : MayBe(of.type, method->receiver);
    if (!fits)
      return lexer_.FailAt(name.position,
                           Name(of.type) + " has no " + std::string(name.mark) + "()");
    if (auto ok = Expect("("); !ok) return ok.error();
    Node node{.op = method->op, .a = of.node};
    if (method->op == Op::kMatches) {
      if (auto ok = Pattern(node); !ok) return ok.error();
    } else if (method->argument != Type::kNull) {
      Parsed argument = Expression();
      if (!argument) return argument;
      if (!MayBe(argument->type, method->argument)) {
        return lexer_.FailAt(argument->position, std::string(name.mark) + "() takes " +
                                                     Name(method->argument) + ", not " +
                                                     Name(argument->type));
      }
      node.b = argument->node;
    }
    if (auto ok = Expect(")"); !ok) return ok.error();
    return Add(node, method->result, of.position);
  }

  // Patterns are compiled here, once, so they are literals.
  base::Result<void> Pattern(Node& node) {
    if (token_.kind != Token::Kind::kString) return Unexpected("a pattern as a literal string");
    if (token_.text.size() > kMaxPatternBytes)
      return lexer_.FailAt(token_.position, "a pattern has at most 512 bytes");
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMaxPatternMemory);
    auto pattern = std::make_shared<const RE2>(token_.text, options);
    if (!pattern->ok()) {
      // RE2's own words may hold any byte of the pattern.
      return lexer_.FailAt(token_.position, "a broken pattern (RE2 syntax)");
    }
    node.text = AddText(token_.text);
    node.integer = static_cast<std::int64_t>(program_.patterns.size());
    program_.patterns.push_back(std::move(pattern));
    return Advance();
  }

  Parsed Primary() {
    const std::size_t position = token_.position;
    switch (token_.kind) {
      case Token::Kind::kInt:
      case Token::Kind::kDouble: return Number(false, position);
      case Token::Kind::kString: {
        const Node node{.op = Op::kString, .text = AddText(std::move(token_.text))};
        if (auto ok = Advance(); !ok) return ok.error();
        return Add(node, Type::kString, position);
      }
      case Token::Kind::kName: return Named();
      case Token::Kind::kMark:
        if (At("(")) return Parenthesised();
        if (At("[")) return List();
        break;
      case Token::Kind::kEnd: break;
    }
    return Unexpected("a value");
  }

  Parsed Parenthesised() {
    if (auto ok = Advance(); !ok) return ok.error();
    Parsed inside = Expression();
    if (!inside) return inside;
    if (auto ok = Expect(")"); !ok) return ok.error();
    return inside;
  }

  Parsed List() {
    const std::size_t position = token_.position;
    if (auto ok = Advance(); !ok) return ok.error();
    std::vector<std::uint16_t> elements;
    while (!At("]")) {
      if (!elements.empty()) {
        if (auto ok = Expect(","); !ok) return ok.error();
      }
      Parsed element = Expression();
      if (!element) return element;
      if (element->type == Type::kHeaders)
        return lexer_.FailAt(element->position, "headers cannot stand in a list");
      elements.push_back(element->node);
    }
    if (auto ok = Advance(); !ok) return ok.error();
    Node node{.op = Op::kList,
              .a = static_cast<std::uint16_t>(program_.operands.size()),
              .b = static_cast<std::uint16_t>(elements.size())};
    program_.operands.insert(program_.operands.end(), elements.begin(), elements.end());
    return Add(node, Type::kList, position);
  }

  Parsed Named() {
    const Token name = token_;
    if (auto ok = Advance(); !ok) return ok.error();
    if (At("(")) return CallFunction(name);
    if (name.mark == "true" || name.mark == "false")
      return Add(Node{.op = Op::kBool, .integer = name.mark == "true"}, Type::kBool, name.position);
    if (name.mark == "null") return Add(Node{.op = Op::kNull}, Type::kNull, name.position);
    return NamedAttribute(name);
  }

  // One name, or two with a dot: what is behind them is a member.
  Parsed NamedAttribute(const Token& name) {
    std::string full(name.mark);
    const Attribute* found = Find(full);
    if (!found && At(".")) {
      if (auto ok = Advance(); !ok) return ok.error();
      if (token_.kind != Token::Kind::kName) return Unexpected("a name behind '.'");
      full.append(".").append(token_.mark);
      if (auto ok = Advance(); !ok) return ok.error();
      found = Find(full);
    }
    if (!found) {
      std::vector<std::string> names;
      for (const Attribute& attribute : Attributes()) names.emplace_back(attribute.name);
      return lexer_.FailAt(name.position,
                           "unknown attribute " + Shown(full) + Suggestion(full, names));
    }
    program_.unknowns |= found->unknown;
    return Add(Node{.op = Op::kAttribute, .integer = found - Attributes().data()}, found->type,
               name.position);
  }

  static const Attribute* Find(std::string_view name) {
    for (const Attribute& attribute : Attributes()) {
      if (attribute.name == name) return &attribute;
    }
    return nullptr;
  }

  Parsed CallFunction(const Token& name) {
    std::vector<std::string> names(std::begin(kFunctions), std::end(kFunctions));
    if (std::find(names.begin(), names.end(), name.mark) == names.end()) {
      return lexer_.FailAt(name.position,
                           "unknown function " + Shown(name.mark) + Suggestion(name.mark, names));
    }
    if (auto ok = Expect("("); !ok) return ok.error();
    Parsed made = name.mark == "timestamp" ? Timestamp(name) : OfOne(name);
    if (!made) return made;
    if (auto ok = Expect(")"); !ok) return ok.error();
    return made;
  }

  Parsed Timestamp(const Token& name) {
    if (token_.kind != Token::Kind::kString) return Unexpected("a time as a literal string");
    const auto time = base::ParseRfc3339(token_.text);
    if (!time)
      return lexer_.FailAt(token_.position, "a time is written '2027-01-01T00:00:00Z' (RFC 3339)");
    const Node node{.op = Op::kTimestamp, .integer = *time, .text = AddText(token_.text)};
    if (auto ok = Advance(); !ok) return ok.error();
    return Add(node, Type::kTime, name.position);
  }

  Parsed OfOne(const Token& name) {
    Parsed argument = Expression();
    if (!argument) return argument;
    if (name.mark == "has") {
      const Op op = program_.nodes[argument->node].op;
      if (op != Op::kMember && op != Op::kIndex)
        return lexer_.FailAt(argument->position, "has() takes a member: has(args.amount)");
      return Add(Node{.op = Op::kHas, .a = argument->node}, Type::kBool, name.position);
    }
    if (name.mark == "size") {
      if (!HasSize(argument->type))
        return lexer_.FailAt(argument->position, Name(argument->type) + " has no size()");
      return Add(Node{.op = Op::kSize, .a = argument->node}, Type::kInt, name.position);
    }
    if (argument->type == Type::kList || argument->type == Type::kMap ||
        argument->type == Type::kHeaders)
      return lexer_.FailAt(argument->position, Name(argument->type) + " cannot become a string");
    return Add(Node{.op = Op::kToString, .a = argument->node}, Type::kString, name.position);
  }

  static std::string Name(Type type) { return std::string(TypeName(type)); }

  Lexer lexer_;
  Token token_;
  Program program_;
  std::size_t depth_ = 0;
};

}  // namespace

base::Result<Program> Parse(std::string_view source) {
  if (source.size() > Program::kMaxSourceBytes) {
    return base::Fail(base::Code::kInvalidArgument,
                      "longer than " + std::to_string(Program::kMaxSourceBytes) + " bytes");
  }
  return Parser(source).Run();
}

}  // namespace policy
