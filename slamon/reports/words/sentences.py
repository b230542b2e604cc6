"""What the core says in English, in Chinese: each phrase's template with its translation.

The keys are the templates of `slamon.core.phrase.Phrase`; a test finds every one of them in the core's source.
"""

from __future__ import annotations

ZH: dict[str, str] = {
    # How a credit was worked out
    "{first}; {rest}": "{first}；{rest}",
    "{hours} h": "{hours}小时",
    "{hours} h ({seconds} s)": "{hours}小时（{seconds}秒）",
    "1 day": "1天",
    "{days} days": "{days}天",
    "together {days}": "合计{days}",
    "worth {days} x {rent} / {month_days}": "折合{days} × {rent} ÷ {month_days}",
    "{time} interrupted = {in_days}, rounded up to {days}": "中断{time}，即{in_days}，向上取整为{days}天",
    "{time} interrupted = {in_days}, rounded down to {days}": "中断{time}，即{in_days}，向下取整为{days}天",
    "{time} interrupted = {in_days}, to two places {days}": "中断{time}，即{in_days}，保留两位小数为{days}天",
    "{time} since the complaint, the law allows {limit}; {rent} x {share}": (
        "自申告起历时{time}，法定时限{limit}；{rent} × {share}"
    ),
    "{units} started hour": "{units}小时（不足1小时按1小时计）",
    "{units} started hours": "{units}小时（不足1小时按1小时计）",
    "{units} started {hours} h": "{units}个{hours}小时（不足者按1个计）",
    "{what} x {share} x {charge}": "{what} × {share} × {charge}",
    "interrupted during planned work: {charge} x {share}": "计划作业期间中断：{charge} × {share}",
    "restored after {time}, from {minutes} min: {share} x {charge}": (
        "修复历时{time}，适用{minutes}分钟以上一档：{share} × {charge}"
    ),
    "{time} interrupted in the month = {units}": "当月累计中断{time}，计{units}",
    # Why an item was not credited
    "awaiting a decision: the responsibility is undecided": "责任未定，待认定",
    "responsibility {responsibility} is exempt": "责任方为{responsibility}，依约免责",
    "{rule} is worth more": "已按金额更高的“{rule}”补偿",
    "{rule} is worth as much and stands earlier": "与“{rule}”金额相同，以合同中在先者为准",
    # What was decided on time that could leave the clock
    "the contract does not say what notice planned work needs": "合同未约定计划作业的通知要求",
    "no notice on record; the contract requires {needed} h": "无通知记录；合同要求提前{needed}小时",
    "notified after the start; the contract requires {needed} h": "开始后才通知；合同要求提前{needed}小时",
    "notified {hours} h ahead; the contract requires {needed} h": "提前{hours}小时通知；合同要求提前{needed}小时",
    "notified {hours} h ahead by {channel}": "已提前{hours}小时以{channel}通知",
    "notified by no channel on record; the contract requires one of {channels}": (
        "未记录通知渠道；合同要求以{channels}之一通知"
    ),
    "notified by {channel}; the contract requires one of {channels}": "以{channel}通知；合同要求以{channels}之一通知",
    "no evidence on file; the contract requires it": "未提交证明材料；合同要求提供",
    "no notice on record; the contract requires one within {needed} days": "无通知记录；合同要求{needed}日内通知",
    "notified {days} days after it began; the contract requires {needed}": "发生后{days}日才通知；合同要求{needed}日内",
    "the contract does not list {kind} among its exclusions": "合同所列除外情形不含“{kind}”",
}
