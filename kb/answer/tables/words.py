"""What people call columns, and the words that make a question one of counting or comparing."""

from __future__ import annotations

import re

from kb.text.normalise import normalise
from kb.text.numerals import parse_numeral

# Words of one line are used for each other, in questions and in headings.
_SYNONYMS = """
均价 平均价 平均价格 平均单价 平均房价 单价 价格 售价 价钱 定价 报价 房价 价位 多少钱 价
总价 总金额 总价款 金额 价款 价格 总额 款项 花费 花了 多少钱 价 price amount
销量 销售量 销售数量 成交量 卖出 售出 卖了 卖得 成交套数 成交数量 套数 台数 件数 销售套数 sales
销售额 销售收入 营业额 营收 营业收入 销售金额 业绩 revenue
工资 薪资 薪水 月薪 薪酬 收入 底薪 待遇 工钱 年薪 salary
年龄 岁数 几岁 多大 年纪 年轻 年长 岁 age
人数 员工数 职工数 人口 在册人数 员工人数 学生数 多少人
数量 件数 个数 台数 总数 库存 存量 数目 quantity
库存 库存量 库存数量 存货 结存 余量 存量 stock
面积 占地 大小 多大 area
成绩 分数 得分 总分 评分 考分 score
成本 费用 花费 开支 支出 开销 cost
利润 盈利 净利 净利润 收益 赚 profit
时间 日期 日子 何时 什么时候 哪天 几号 时候 date
时长 耗时 用时 时间 工时 duration
重量 体重 净重 质量 重 weight
高度 身高 层高 高
长度 全长 里程 路程 距离 长
增长率 增速 增幅 涨幅 同比 同比增长 growth
比例 占比 比率 比重 百分比 率
完成率 达成率 完成比例 完成度
合格率 良品率 通过率 达标率
姓名 名字 员工 职工 人员 同事 谁 人 学生 同学 老师 教师 医生 患者 病人 客户经理 经办人 name
公司 企业 单位 厂家 厂商 供应商 客户 集团 机构 生产商 供货商 商家 company
产品 商品 货物 货品 品名 物品 物料 产品名称 商品名称 型号 东西 product item
部门 科室 处室 团队 小组 班组 事业部 department
城市 地区 区域 省份 地点 所在地 地方 省市 大区 片区 region city
门店 店铺 分店 网点 店 营业部 store
类别 类型 种类 分类 品类 类 category type
项目 工程 小区 楼盘 项目名称 课题
地块 宗地 土地 地
地址 位置 住址 所在地 哪里 在哪
班级 班 年级
专业 学科 科目 课程 学院
设备 机器 仪器 装置 设备名称 资产
合同 订单 单据 协议 合同编号 订单号 order
职位 岗位 职务 职称 头衔
学历 文化程度 教育程度
状态 进度 情况 进展
负责人 经理 主管 责任人 谁负责 联系人
品牌 牌子 brand
国家 国别 国 country
月份 月 月度
年份 年度 年
作者 编者 著者 谁写
书名 图书 书籍 书
车次 列车 车 车辆 车牌
航班 航班号 飞机
酒店 宾馆 旅馆
药品 药物 药 药名
病例 疾病 诊断
降水量 降雨量 雨量
气温 温度 最高温度
预算 预算金额 经费
产量 生产量 产出
电话 手机 联系方式 号码
"""

GROUPS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split()) for line in _SYNONYMS.strip().splitlines()
)

CLASSIFIERS = (
    "个|家|名|位|人|条|种|项|款|套|件|台|只|支|块|张|份|本|辆|部|艘|架|间|栋|幢|座|户|所|处|次|场|批|类|箱|"
    "盒|瓶|吨|门|笔|单|起|例|届|轮|片|根|头|棵|株|样|篇|册|卷|组|班|队|架|宗|幅|天|趟|道|页|期|枚|颗|段|层|"
    "国|省|市|县|区|镇|村|店|省份|城市|部门|人次|条目"
)
_N = r"(?:\d+|[一二两三四五六七八九十]+)"

HIGHEST = re.compile(
    r"最(?:高|大|多|贵|长|好|重|强|快|厚|宽|远|深|热|新|晚|迟|近|年长|老|优|受欢迎|畅销|佳|靠前|突出|领先)|"
    r"居首|(?:排名?|位列|位居|名列)第?[1一](?!\d)|第[1一]名|冠军|榜首|之最|首位|最后(?=一?[个位名]?(?:入|加|成|签|交|上|发))|"
    r"峰值|顶峰|\b(?:highest|most|largest|biggest|latest|greatest|maximum)\b"
)
LOWEST = re.compile(
    r"最(?:低|小|少|便宜|短|差|轻|弱|慢|薄|窄|浅|冷|早|年轻|先|旧|滞销|靠后|落后)|垫底|末位|倒数第[1一](?!\d)|"
    r"\b(?:lowest|least|smallest|earliest|cheapest|fewest|minimum)\b"
)
RANK = re.compile(
    rf"(?:第({_N})(?=高|大|多|贵|长|低|小|少|便宜|短|早|晚|名|位|重|新)|(?:排名?|位列|位居|名列)第({_N}))"
)
RANK_LOW = re.compile(rf"第{_N}(?:低|小|少|便宜|短|早|轻)|倒数第({_N})")
TOP = re.compile(
    rf"(?:排名?|排行|位列|名列)?(?:在|居)?前({_N})(?:大|强|高|位|名|个|家|款|种|项|甲|(?=的|是|有|分|都|里|中|$|[,?？。]))|"
    rf"top\s?(\d+)|最[高大多贵长好重强快低小少便宜短差轻早晚新]+的?(?:前)?({_N})(?:{CLASSIFIERS})|"
    rf"(?:后|倒数|末)({_N})(?:位|名|个|家|款|种|项)|倒数前({_N})"
)
TOP_LOW = re.compile(rf"(?:后|倒数|末){_N}(?:位|名|个|家|款|种|项)|倒数前")
ASCENDING = re.compile(r"从[低小少]到[高大多]|升序|由[低小少]到")
AVERAGE = re.compile(r"平均(?:值|数)?|均值|人均|\b(?:average|mean)\b")
SUM = re.compile(
    r"总共|一共|共计|合计|总和|总计|总额|总数|总量|累计|加起来|之和|加总|总的|"
    r"总(?!经理|监|部|裁|公司|局|店|价|分|结|书记|行|"
    r"体|会|务|站|机|重|会计|工程师|干事|承包|包|代理|投资|面积|资产|图|医院)|共(?=有|花|卖|售|销|生|采|收|支|完|用|发|产|实|为|达|是|多少)|"
    r"\b(?:total|sum)\b"
)
COUNT = re.compile(
    rf"(?:多少|几)(?P<kind>{CLASSIFIERS})(?:不同的?)?(?P<noun>[^的是在有最更,，。?？!了]{{0,8}})|"
    rf"(?:有|共|包括|包含|收录|涉及)多少(?!{CLASSIFIERS})(?P<noun2>[^的是在有最更,，。?？!了]{{1,8}})|"
    r"(?P<noun3>[^的是在有,，。?？]{0,6})(?:数量|个数|人数|总数|条数|家数|户数|笔数|次数)"
    r"(?:是|为|有|共)?(?:多少|几)|how many|number of"
)
EACH = re.compile(
    rf"(?:每|各)(?:(?:1|一)?(?:{CLASSIFIERS}))?(?P<noun>[^的,，。?？总平均]{{1,8}})|"
    rf"(?:按照?|分|根据)(?P<noun2>[^,，。?？]{{1,8}})(?:统计|汇总|分组|分类|来看|计算)|不同(?P<noun3>[^的,，。?？]{{1,8}})"
)
SEVERAL_KINDS = re.compile(r"(?:几|多少).{0,2}不同")
DIFFERENCE = re.compile(
    r"相差|差多少|差了|差距|差额|差值|之差|多多少|少多少|高多少|低多少|大多少|高出|多出|多几|少几|高几|差几"
)
COMPARE = re.compile(r"更|比较|相比|对比|哪[个家位名款种项座块1一]|谁|比|孰|还是")
COMPARED_LOW = re.compile(
    r"更?(?:低|小|少|便宜|短|早|轻|慢|差|年轻)(?!于|数|学|时|区|说|型|组)|较[低小少短早轻]"
)
WHICH = re.compile(
    rf"(?:哪|什么|何)(?:(?:1|一|几|\d)?(?:{CLASSIFIERS})|些|里)?(?P<noun>[^的是在有最更比,，。?？哪都平总]{{0,8}})"
)
LISTING = re.compile(r"哪些|有哪|列出|列举|都有谁|有谁|哪几|找出|筛选|查出|罗列|which|list")
NOT = re.compile(r"(?:除了?|除去|不包括|不含|排除|非|不是|不属于|不在)$")

FILLERS = re.compile(
    r"分布|不同|涉及|涵盖|包括|包含|请问一下|请问|你好|您好|麻烦|帮我|帮忙|我想知道|想知道|我想了解|想了解|告诉我|能告诉|能不能|可不可以|可以|"
    r"知道|查一下|查询|统计一下|统计|计算|算一下|看一下|看看|一下|比较|相比|对比|关于|根据|按照|当中|其中|之中|里面|"
    r"里边|所有|全部|整个|每个|每|各个|各|分别|达到|属于|隶属|排名|排行|排在|水平|情况|数据|记录|信息|表格|表中|表里|"
    r"这张|这个|这些|那些|那个|哪一?个|哪些|哪一|哪|什么|多少|几|是|的|了|吗|呢|吧|啊|呀|在|有|为|和|与|跟|及|或|"
    r"以及|还是|中|里|内|上|下|对|于|把|从|到|至|被|由|给|让|就|都|也|还|又|并|且|但|而|其|该|此|本|这|那|我|你|您|们|"
    r"要|能|会|来|去|出|过|着|得|地|之|所|者|等|谁|请|列出|找出|给出|说说|共|个|家|名|位|条|种|项|款|套|件|台|只|块|"
    r"张|份|辆|部|间|栋|座|户|次|场|类|更|最|比|较|高|低|大|小|多|少|人|超过|[\W_]"
)

IN_TIME = re.compile(r"早|晚|最新|最近|最先|最后|最旧|迟|先后|earliest|latest|first|last")
AMOUNT = re.compile(r"[额钱费款率量]$|资金|收入|利润|成本|支出")


def folded(text: str) -> str:
    """Fold a text so that questions, headings and cells can be compared letter by letter.

    Months get Arabic digits. Other numerals stay: the 三 of 张三月薪 is none.
    """
    return _MONTH.sub(_in_digits, normalise(text).replace(" ", ""))


_MONTH = re.compile(
    r"(?:^|(?<=[年在到至和及的或\W\d]))(十[一二]?|[一二三四五六七八九])(?=月(?![薪租亮饼嫂]))"
)


def _in_digits(found: re.Match[str]) -> str:
    return str(parse_numeral(found[1]))
