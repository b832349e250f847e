"""The table of CEL functions as text: style, names, arguments, result.

`T`, `K` and `V` stand for any type, `N` for int, uint or double; each is the same one throughout
a line, but for `N`, which is `dyn` where the arguments mix. An argument written `'...'` must be a
literal, because it is compiled when the bundle loads; `...` behind the last means more like it. A
name with a dot is written so (`math.abs(x)`): what is before the dot is no value.
"""

from __future__ import annotations

__all__ = ["CORE", "EXTENSIONS"]

# style, names, arguments, result
CORE = """
operator _==_        T, T                      bool
operator _!=_        T, T                      bool
operator _<_,_<=_,_>_,_>=_ bool, bool bool
operator _<_,_<=_,_>_,_>=_ int, int bool
operator _<_,_<=_,_>_,_>=_ uint, uint bool
operator _<_,_<=_,_>_,_>=_ double, double bool
operator _<_,_<=_,_>_,_>=_ string, string bool
operator _<_,_<=_,_>_,_>=_ bytes, bytes bool
operator _<_,_<=_,_>_,_>=_ timestamp, timestamp bool
operator _<_,_<=_,_>_,_>=_ duration, duration bool
operator _+_         int, int                  int
operator _+_         uint, uint                uint
operator _+_         double, double            double
operator _+_         string, string            string
operator _+_         bytes, bytes              bytes
operator _+_         list(T), list(T)          list(T)
operator _+_         timestamp, duration       timestamp
operator _+_         duration, timestamp       timestamp
operator _+_         duration, duration        duration
operator _-_         int, int                  int
operator _-_         uint, uint                uint
operator _-_         double, double            double
operator _-_         timestamp, timestamp      duration
operator _-_         timestamp, duration       timestamp
operator _-_         duration, duration        duration
operator _*_         int, int                  int
operator _*_         uint, uint                uint
operator _*_         double, double            double
operator _/_         int, int                  int
operator _/_         uint, uint                uint
operator _/_         double, double            double
operator _%_         int, int                  int
operator _%_         uint, uint                uint
operator -_          int                       int
operator -_          double                    double
operator @in         T, list(T)                bool
operator @in         K, map(K, V)              bool
operator _[_]        list(T), int              T
operator _[_]        map(K, V), K              V
function size        string                    int
function size        bytes                     int
function size        list(T)                   int
function size        map(K, V)                 int
method   size        string                    int
method   size        bytes                     int
method   size        list(T)                   int
method   size        map(K, V)                 int
method   contains    string, string            bool
method   startsWith  string, string            bool
method   endsWith    string, string            bool
method   matches     string, 'string'          bool
function matches     string, 'string'          bool
function int         int                       int
function int         uint                      int
function int         double                    int
function int         string                    int
function int         timestamp                 int
function uint        int                       uint
function uint        uint                      uint
function uint        double                    uint
function uint        string                    uint
function double      int                       double
function double      uint                      double
function double      double                    double
function double      string                    double
function bool        bool                      bool
function bool        string                    bool
function string      string                    string
function string      int                       string
function string      uint                      string
function string      bool                      string
function string      bytes                     string
function string      timestamp                 string
function string      duration                  string
function string      'double'                  string
function bytes       bytes                     bytes
function bytes       string                    bytes
function timestamp   timestamp                 timestamp
function timestamp   string                    timestamp
function timestamp   int                       timestamp
function duration    duration                  duration
function duration    string                    duration
function type        T                         type(T)
function dyn         T                         dyn
method   getFullYear,getMonth,getDate,getDayOfMonth,getDayOfWeek,getDayOfYear timestamp int
method   getFullYear,getMonth,getDate timestamp, 'string' int
method   getDayOfMonth,getDayOfWeek,getDayOfYear timestamp, 'string' int
method   getHours,getMinutes,getSeconds,getMilliseconds timestamp int
method   getHours,getMinutes,getSeconds,getMilliseconds timestamp, 'string' int
method   getHours,getMinutes,getSeconds,getMilliseconds duration int
function shell       string                    shell
"""

EXTENSIONS = """
method   charAt              string, int                 string
method   indexOf,lastIndexOf string, string              int
method   indexOf,lastIndexOf string, string, int         int
method   join                list(string)                string
method   join                list(string), string        string
method   lowerAscii,upperAscii,reverse,trim string       string
method   replace             string, string, string      string
method   replace             string, string, string, int string
method   split               string, string              list(string)
method   split               string, string, int         list(string)
method   substring           string, int                 string
method   substring           string, int, int            string
method   format              string, list(T)             string
function strings.quote       string                      string
function base64.decode       string                      bytes
function base64.encode       bytes                       string
function math.greatest,math.least list(N)                N
function math.greatest,math.least N...                   N
function math.ceil,math.floor,math.round,math.trunc double double
function math.abs,math.sign  int                         int
function math.abs,math.sign  uint                        uint
function math.abs,math.sign  double                      double
function math.sqrt           N                           double
function math.isNaN,math.isInf,math.isFinite double      bool
function math.bitAnd,math.bitOr,math.bitXor int, int     int
function math.bitAnd,math.bitOr,math.bitXor uint, uint   uint
function math.bitNot         int                         int
function math.bitNot         uint                        uint
function math.bitShiftLeft,math.bitShiftRight int, int   int
function math.bitShiftLeft,math.bitShiftRight uint, int  uint
function sets.contains,sets.equivalent,sets.intersects list(T), list(T) bool
function ip                  string                      ip
function cidr                string                      cidr
function isIP,isCIDR,ip.isCanonical string               bool
function string              ip                          string
function string              cidr                        string
method   family              ip                          int
method   isUnspecified,isLoopback,isGlobalUnicast ip     bool
method   isLinkLocalUnicast,isLinkLocalMulticast ip      bool
method   containsIP          cidr, ip                    bool
method   containsIP          cidr, string                bool
method   containsCIDR        cidr, cidr                  bool
method   containsCIDR        cidr, string                bool
method   ip                  cidr                        ip
method   masked              cidr                        cidr
method   prefixLength        cidr                        int
function url                 string                      url
function isURL               string                      bool
method   getScheme,getHost,getHostname,getPort,getEscapedPath url string
method   hostIn              url, list(string)           bool
method   hostIn              string, list(string)        bool
function path.clean          string                      string
method   pathIn              string, list(string)        bool
"""
