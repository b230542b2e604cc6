"""Definitions and ways of reading a contract that a statement prints, each in English and in Chinese."""

from __future__ import annotations

Term = tuple[str, str]

DEFINITIONS: dict[str, tuple[Term, Term]] = {
    "interruption": (
        ("Interruption", "业务中断"),
        (
            (
                "The line was wholly unusable: packets were sent and none came back from the carrier's device, or the "
                "carrier's port was down."
            ),
            "专线完全不可用：已发出探测包而运营商侧末端设备无一回应，或运营商侧端口处于关闭状态。",
        ),
    ),
    "degradation": (
        ("Degradation", "一般故障"),
        (
            "The line was usable, but loss, delay, delay variation, errors or speed were outside its profile.",
            "专线可用，但丢包、时延、抖动、误码或速率超出该专线的性能阈值。",
        ),
    ),
    "onset": (
        ("Onset, alarm, restored", "开始、告警、恢复"),
        (
            (
                "Onset is the start of the first bad reading of the run that raised the alarm, the alarm the end of the "
                "reading that confirmed it, restored the start of the good readings that closed it."
            ),
            "开始：触发告警的连续异常读数中首个读数的起点。告警：确认异常的读数的终点。恢复：使故障关闭的连续正常读数的起点。",
        ),
    ),
    "clock": (
        ("Restore time", "修复时长"),
        (
            (
                "From the alarm or the customer's complaint, whichever came first, until the line was back to normal, less "
                "the accepted exclusions; the sum of overlapping ones is taken off once. Exactly the limit is kept."
            ),
            "自监测告警或客户申告（以较早者为准）起，至专线恢复正常止，扣除已采纳的除外时间；重叠的除外时间只扣一次。恰好等于时限视为未超时。",
        ),
    ),
    "statutory": (
        ("Statutory clock", "法定修复时钟"),
        (
            (
                "Article 32 of the Telecommunications Regulations: a fault that the customer reported is repaired within "
                "48 h (urban) or 72 h (rural) of the report; past that, the rent of the whole fault period is waived. Only "
                "faults of the customer's own equipment are exempt."
            ),
            (
                "《中华人民共和国电信条例》第三十二条：用户申告的障碍，应自接到申告之日起城镇48小时、农村72小时内修复；"
                "逾期的，免收障碍期间的月租费用。仅用户终端设备的障碍除外。"
            ),
        ),
    ),
    "planned": (
        ("Planned work", "计划作业"),
        (
            (
                "It leaves the clock only when it was announced as agreed. The fees of the time it interrupted are reduced "
                "in either case (Telecommunications Regulations, article 35)."
            ),
            "仅在按约定提前通知时从时钟中扣除；无论是否通知，中断期间的费用均予减收（《电信条例》第三十五条）。",
        ),
    ),
    "excluded": (
        ("Excluded time", "除外时间"),
        (
            (
                "Accepted exclusions where they overlap an incident, and the whole of an incident for which the contract "
                "does not hold the carrier liable."
            ),
            "已采纳的除外时间与故障重叠的部分，以及合同约定运营商不承担责任的故障全程。",
        ),
    ),
    "blind": (
        ("Blind time", "监测盲区"),
        (
            (
                "The monitor itself could not see. It is never an outage and never uptime; the lower bound of availability "
                "counts all of it as interrupted."
            ),
            "监测系统自身无法观测的时间，既不计为中断，也不计为正常；可用率下限将其全部计为中断。",
        ),
    ),
    "seconds": (
        ("Seconds and cents", "秒与分"),
        (
            (
                "Instants are rounded to whole seconds first and subtracted then. Every second of the service time is "
                "exactly one of excluded, interrupted, degraded, blind, up. Each credit is rounded half-up to the cent once."
            ),
            "时刻先四舍五入到整秒再相减。服务时间的每一秒必属且仅属除外、中断、劣化、盲区、正常之一。每项补偿仅四舍五入到分一次。",
        ),
    ),
    "month": (
        ("Month of a credit", "补偿归属月份"),
        (
            "An incident is credited in the month in which it was restored.",
            "故障在其恢复所在月份补偿。",
        ),
    ),
}

# How a contract is read where its words leave a choice: the terms of the contract file, said in words.
READINGS: dict[str, Term] = {
    "clock_end.restored": (
        "Clocks end when the line is back to normal.",
        "时钟止于专线恢复正常之时。",
    ),
    "clock_end.handed_back": (
        "Clocks end when both sides accepted the restored line, where that is recorded.",
        "有双方确认交付记录的，时钟止于确认交付之时。",
    ),
    "interruption_ends.normal": (
        "The interruption clock runs until the line is back to normal.",
        "业务中断时钟计至专线恢复正常。",
    ),
    "interruption_ends.usable": (
        "The interruption clock runs until the line is usable again.",
        "业务中断时钟计至专线恢复可用。",
    ),
    "uncertain_end.late": (
        "Where the monitor was blind at the end, clocks end at the late bound.",
        "恢复前处于监测盲区的，时钟止于较晚界限。",
    ),
    "uncertain_end.early": (
        "Where the monitor was blind at the end, clocks end at the early bound.",
        "恢复前处于监测盲区的，时钟止于较早界限。",
    ),
    "complaint_joins": (
        "A complaint belongs to an incident whose alarm comes within {time} after it.",
        "申告后{time}内出现告警的，申告并入该故障。",
    ),
    "reopen_within": (
        "A line that fails again within {time} continues its incident, with one limit.",
        "恢复后{time}内再次故障的，视为同一故障，时限不重新起算。",
    ),
    "blind_joins": (
        "Blind time of at most {time} between two equal impairments is of their kind.",
        "前后为同类异常、时长不超过{time}的盲区，计为该类异常。",
    ),
    "combine.best": (
        "Of several rules the one worth most to the customer is credited.",
        "多项规则同时适用的，按对客户最有利的一项补偿。",
    ),
    "combine.sum": ("The credits of all rules are added.", "各项规则的补偿累加。"),
    "cap": (
        "Credits by agreement and policy are capped at {ratio} of the full monthly charge; those by law are not capped.",
        "依协议与政策的补偿以当月全额费用的{ratio}为限；依法减免不受此限。",
    ),
    "exempt": (
        "The carrier is not liable where responsible: {parties}.",
        "责任方为下列之一的，运营商不承担责任：{parties}。",
    ),
    "exempt.none": ("No responsibility frees the carrier.", "无免责的责任方。"),
    "favour": (
        "Whatever can be read in two ways is read in the customer's favour (Civil Code, article 498).",
        "凡有两种以上解释的，作有利于客户的解释（《民法典》第四百九十八条）。",
    ),
}
